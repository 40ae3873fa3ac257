-- name: hold(company)!
-- Nobody else writes papers into that company's book until the end of this transaction.
select ledger.hold_book(:company);

-- name: known(company, kinds, numbers)
-- Those of these papers that the book has: kind, number, digest of what they say.
select p.kind, p.number, p.content
from unnest(:kinds::text[], :numbers::text[]) as k (kind, number)
inner join ledger.paper as p on p.company_id = :company and p.kind = k.kind and p.number = k.number;

-- name: chart(company)
-- The company's accounts, with the days between which each is valid.
select a.code, lower(a.valid) as since, upper(a.valid) as until
from ledger.account as a
where a.company_id = :company;

-- name: documents(company, numbers)
-- record_class: DocumentRow
-- The live entries that stand for what bears one of these numbers: invoices (by number or id) and papers.
with recursive named as (
    select w.number, v.entry_id, v.facts -> 'vat' as vat
    from unnest(:numbers::text[]) as w (number)
    inner join (
        select distinct on (i.invoice_id) i.invoice_id, i.entry_id, i.facts
        from ledger.invoice as i
        where i.company_id = :company and (i.facts ->> 'number' = any(:numbers::text[]) or i.invoice_id = any(:numbers::text[]))
        order by i.invoice_id asc, i.version desc
    ) as v on w.number in (v.facts ->> 'number', v.invoice_id)
    where v.entry_id is not null
    union all
    select p.number, e.entry_id, null::jsonb as vat
    from ledger.paper as p
    cross join lateral unnest(p.entries) as e (entry_id)
    where p.company_id = :company and p.number = any(:numbers::text[])
),

standing as (
    select n.number, n.entry_id, n.vat from named as n
    union
    select s.number, coalesce(f.by_entry, e.entry_id) as entry_id, s.vat
    from standing as s
    left join ledger.fate as f on f.entry_id = s.entry_id and f.by_entry is not null
    left join ledger.reversal as r on r.reversed = s.entry_id
    left join ledger.entry as e on e.entry_id = r.entry_id + 1
    where coalesce(f.by_entry, e.entry_id) is not null
)

select
    s.number, e.entry_id, e.account, e.auxiliary, e.cents, e.vat_rate, e.currency, e.currency_cents,
    coalesce(s.vat, '[]')::text as vat,
    array(
        select g.n from generate_series(1, cardinality(e.cents)) as g (n) where ledger.letter_in_force(e.entry_id, g.n) is not null
    ) as lettered
from standing as s
inner join ledger.entry as e on e.entry_id = s.entry_id
where ledger.is_live(e.entry_id)
order by e.entry_id;

-- name: settlements(entries)
-- record_class: SettlementRow
-- What settles these entries, and all that hangs together with them, as far as it still stands.
with recursive reached as (
    select a.entry_id from unnest(:entries::bigint[]) as a (entry_id)
    union
    select case when s.entry_id = r.entry_id then s.settled_entry else s.entry_id end as entry_id
    from reached as r
    inner join ledger.settlement as s on r.entry_id in (s.entry_id, s.settled_entry)
)

select distinct
    s.entry_id, s.n, s.settled_entry, s.settled_n, s.cents, coalesce(s.currency_cents, 0) as currency_cents,
    a.account[s.n] as account, a.auxiliary[s.n] as auxiliary, a.cents[s.n] as line_cents, o.cents[s.settled_n] as settled_cents
from ledger.settlement as s
inner join reached as r on r.entry_id in (s.entry_id, s.settled_entry)
inner join ledger.entry as a on a.entry_id = s.entry_id
inner join ledger.entry as o on o.entry_id = s.settled_entry
where ledger.is_live(s.entry_id) and ledger.is_live(s.settled_entry)
order by s.entry_id, s.n, s.settled_entry, s.settled_n;

-- name: book(company, actor, said)$
-- All of it or nothing; the batch.
select ledger.book_papers(:company, :actor, :said::jsonb);

-- name: given_letters(batch_id)
-- The letters that the batch gave: account, auxiliary, letter, how many lines.
select l.account, l.auxiliary, l.letter, count(*)::int as n
from ledger.lettering as l
where l.batch_id = :batch_id
group by l.account, l.auxiliary, l.letter
order by l.account, l.auxiliary, l.letter;

-- name: letter(company, actor, account, auxiliary, entries)$
-- The lines of these entries on that account settle each other; their letter.
select ledger.letter_entries(:company, :actor, :account, :auxiliary, :entries::bigint[]);

-- name: unletter(company, actor, account, auxiliary, letter)!
-- The letter is taken away.
select ledger.unletter(:company, :actor, :account, :auxiliary, :letter);
