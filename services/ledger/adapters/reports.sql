-- name: knows(company_id)$
-- Whether the book knows the company.
select count(*) = 1
from ledger.company as c
where c.company_id = :company_id;

-- name: sums(company_id, starts, ends, as_of, auxiliary)
-- Per account and auxiliary, with the supplier it belongs to: the balance before the period, and the period's debit, credit and unvalidated balance, as known at an instant.
-- The balance before: all that is older, but for classes 6 and above only what is of the fiscal year in which the period begins.
with known as (
    select
        coalesce(case when d.batch_id is not null then f.entry_date end, e.entry_date) as day,
        d.batch_id is not null as validated,
        e.company_id,
        e.account as accounts,
        e.auxiliary as auxiliaries,
        e.cents as amounts
    from ledger.entry as e
    inner join ledger.batch as b on b.batch_id = e.entry_id >> 20
    left join ledger.fate as f on f.entry_id = e.entry_id
    left join ledger.batch as d
        on d.batch_id = f.batch_id and d.recorded_at <= coalesce(:as_of::timestamptz, 'infinity')
    where
        e.company_id = :company_id
        and b.recorded_at <= coalesce(:as_of::timestamptz, 'infinity')
        and (d.batch_id is null or f.by_entry is null)
),

opened as (
    select coalesce(max(y.starts), '-infinity') as fiscal
    from ledger.fiscal_year as y
    where y.company_id = :company_id and y.starts <= :starts
),

merged as materialized (
    select m.auxiliary, m.supplier from ledger.survivors(:company_id, coalesce(:as_of::timestamptz, 'infinity')) as m
)

select
    l.account,
    a.label as account_label,
    l.auxiliary,
    coalesce(sum(l.cents) filter (where k.day < :starts and (l.account < '6' or k.day >= o.fiscal)), 0)::bigint as opening_cents,
    coalesce(sum(l.cents) filter (where k.day >= :starts and l.cents > 0), 0)::bigint as debit_cents,
    coalesce(-sum(l.cents) filter (where k.day >= :starts and l.cents < 0), 0)::bigint as credit_cents,
    coalesce(sum(l.cents) filter (where k.day >= :starts and not k.validated), 0)::bigint as unvalidated_cents,
    coalesce(s.supplier, l.auxiliary) as supplier
from known as k
cross join opened as o
cross join lateral unnest(k.accounts, k.auxiliaries, k.amounts) as l (account, auxiliary, cents)
inner join ledger.account as a on a.company_id = k.company_id and a.code = l.account
left join merged as s on s.auxiliary = l.auxiliary
where k.day <= :ends and (:auxiliary::text is null or :auxiliary in (l.auxiliary, s.supplier))
group by l.account, a.label, l.auxiliary, s.supplier
order by l.account, l.auxiliary;

-- name: movements(company_id, starts, ends, as_of, auxiliary, report)
-- The lines of the period as known at an instant, for the journal (by journal), the general ledger (by account), a statement (by supplier:
-- also the lines of what became it, each with its own auxiliary).
with known as (
    select
        coalesce(case when d.batch_id is not null then f.entry_date end, e.entry_date) as day,
        case when d.batch_id is not null then f.number end as number,
        case when d.batch_id is not null then f.validated_on end as validated_on,
        e.entry_id,
        e.company_id,
        e.journal,
        e.piece_ref,
        e.piece_date,
        e.label,
        e.account,
        e.auxiliary,
        e.cents,
        e.currency,
        e.currency_cents
    from ledger.entry as e
    inner join ledger.batch as b on b.batch_id = e.entry_id >> 20
    left join ledger.fate as f on f.entry_id = e.entry_id
    left join ledger.batch as d
        on d.batch_id = f.batch_id and d.recorded_at <= coalesce(:as_of::timestamptz, 'infinity')
    where
        e.company_id = :company_id
        and b.recorded_at <= coalesce(:as_of::timestamptz, 'infinity')
        and (d.batch_id is null or f.by_entry is null)
),

merged as materialized (
    select m.auxiliary, m.supplier from ledger.survivors(:company_id, coalesce(:as_of::timestamptz, 'infinity')) as m
)

select
    k.journal, k.number, k.day, k.validated_on, l.account, a.label as account_label, l.auxiliary, k.piece_ref, k.piece_date,
    k.label, greatest(l.cents, 0) as debit_cents, greatest(-l.cents, 0) as credit_cents, k.entry_id,
    (
        select t.letter from ledger.lettering as t
        inner join ledger.batch as g on g.batch_id = t.batch_id and g.recorded_at <= coalesce(:as_of::timestamptz, 'infinity')
        left join ledger.unlettering as u using (company_id, account, auxiliary, letter)
        left join ledger.batch as w on w.batch_id = u.batch_id and w.recorded_at <= coalesce(:as_of::timestamptz, 'infinity')
        where t.entry_id = k.entry_id and t.n = l.n and w.batch_id is null
    ) as letter,
    case when l.abroad is not null then k.currency end as currency, l.abroad as currency_cents,
    coalesce(s.supplier, l.auxiliary) as supplier
from known as k
cross join lateral unnest(k.account, k.auxiliary, k.cents, k.currency_cents) with ordinality as l (account, auxiliary, cents, abroad, n)
inner join ledger.account as a on a.company_id = k.company_id and a.code = l.account
left join merged as s on s.auxiliary = l.auxiliary
where
    k.day >= :starts
    and k.day <= :ends
    and (:auxiliary::text is null or :auxiliary in (l.auxiliary, s.supplier))
    and (:report <> 'supplier' or l.auxiliary is not null)
order by
    case :report when 'ledger' then l.account when 'supplier' then coalesce(s.supplier, l.auxiliary) else k.journal end,
    k.day,
    k.journal,
    k.number nulls last,
    k.entry_id,
    l.n;
