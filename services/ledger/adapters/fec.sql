-- name: fiscal_year(company_id, fy)^
-- First and last day of the company's fiscal year.
select y.starts, y.ends
from ledger.fiscal_year as y
where y.company_id = :company_id and y.fy = :fy;

-- name: unvalidated(company_id, starts, ends)$
-- How many entries of these days nobody has validated.
select count(*)
from ledger.todo as t
inner join ledger.entry as e using (entry_id)
where t.company_id = :company_id and e.entry_date between :starts and :ends;

-- name: validated_lines(company_id, fy)
-- The lines of the year's validated entries, by journal and number. An auxiliary bears the name its record had when the last
-- entry of the year was validated: the file of a year that is over stays the same.
-- A letter is shown when its whole group is validated in this year: the file balances under each letter.
with supplier as (
    select distinct on (p.auxiliary)
        p.auxiliary,
        p.name
    from ledger.supplier as p
    where
        p.company_id = :company_id
        and p.batch_id <= (
            select max(f.batch_id) from ledger.fate as f
            where f.company_id = :company_id and f.fy = :fy
        )
    order by p.auxiliary asc, p.version desc
),

lettered as (
    select
        t.entry_id,
        t.n,
        t.letter,
        max(f.entry_date) over (partition by t.account, t.auxiliary, t.letter) as lettered_on,
        bool_and(coalesce(f.fy = :fy and f.number is not null, false)) over (partition by t.account, t.auxiliary, t.letter) as within
    from ledger.lettering as t
    left join ledger.fate as f on f.entry_id = t.entry_id
    where t.company_id = :company_id and ledger.letter_in_force(t.entry_id, t.n) = t.letter
)

select
    f.journal, f.number, f.entry_date, l.account, a.label, l.auxiliary, s.name, e.piece_ref, e.piece_date,
    e.label as entry_label, l.cents, f.validated_on, e.entry_date as own_date,
    t.letter, t.lettered_on, e.currency, l.currency_cents
from ledger.fate as f
inner join ledger.entry as e using (entry_id)
cross join
    lateral unnest(e.account, e.auxiliary, e.cents, e.currency_cents)
    with ordinality as l (account, auxiliary, cents, currency_cents, n)
inner join ledger.account as a on a.company_id = f.company_id and a.code = l.account
left join supplier as s on s.auxiliary = l.auxiliary
left join lettered as t on t.entry_id = e.entry_id and t.n = l.n and t.within
where f.company_id = :company_id and f.fy = :fy and f.number is not null
order by f.journal, f.number, l.n;
