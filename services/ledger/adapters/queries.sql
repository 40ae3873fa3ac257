-- name: purchases(company_id)
-- A company's invoices as they stand, held first, then the latest issue date first. overtaken_revision = the highest that came too late.
select
    v.invoice_id,
    v.facts ->> 'type' as type,
    v.facts ->> 'number' as number,
    v.facts ->> 'issue_date' as issue_date,
    v.facts -> 'supplier' ->> 'name' as supplier,
    v.facts -> 'supplier' ->> 'legal_name' as seller,
    v.facts ->> 'currency' as currency,
    (v.facts -> 'totals' ->> 'net_cents')::bigint as net_cents,
    (v.facts -> 'totals' ->> 'vat_cents')::bigint as vat_cents,
    (v.facts -> 'totals' ->> 'gross_cents')::bigint as gross_cents,
    v.outcome,
    v.hold_reason,
    v.hold_sentence,
    v.hold_action,
    v.entry_id,
    (
        select case when r.entry_id is null then 'validated' else 'reversed' end
        from ledger.fate as f
        left join ledger.reversal as r on r.reversed = f.entry_id
        where f.entry_id = v.entry_id
    ) as life,
    (
        select max(o.revision) from ledger.overtaken as o
        where o.company_id = v.company_id and o.invoice_id = v.invoice_id
    ) as overtaken_revision
from (
    select distinct on (i.invoice_id) i.*
    from ledger.invoice as i
    where i.company_id = :company_id
    order by i.invoice_id asc, i.version desc
) as v
order by v.outcome <> 'held', v.facts ->> 'issue_date' desc, v.invoice_id;

-- name: waiting(company_id)
-- A company's entries that have no fate yet, the oldest day first.
select e.entry_id, e.journal, e.entry_date, e.piece_ref, e.label, e.invoice_id, sum(l.debit_cents)::bigint as debit_cents
from ledger.todo as t
inner join ledger.entry as e on e.entry_id = t.entry_id
inner join ledger.line as l on l.entry_id = e.entry_id
where t.company_id = :company_id
group by e.entry_id
order by e.entry_date, e.entry_id;

-- name: entry_lines(invoice_id)
-- The lines of the entries of an invoice, with what they share and what became of each.
select
    e.entry_id, e.company_id, e.invoice_id, e.journal, e.entry_date, e.piece_ref, e.piece_date, e.label,
    f.fy, f.number, f.entry_date as final_date, f.validated_on, f.by_entry, r.reversed,
    l.n, l.account, a.label as account_label, l.auxiliary, l.debit_cents, l.credit_cents, l.vat_rate,
    case when l.currency_cents is not null then l.currency end as currency, l.currency_cents
from ledger.entry as e
inner join ledger.line as l using (entry_id)
inner join ledger.account as a on a.company_id = e.company_id and a.code = l.account
left join ledger.fate as f on f.entry_id = e.entry_id
left join ledger.reversal as r on r.entry_id = e.entry_id
where e.invoice_id = :invoice_id
order by e.company_id, e.entry_id, l.n;

-- name: totals()^
-- The whole book in one row; invoices are counted as they stand now.
select
    (select count(*) from ledger.entry) as entries,
    (select coalesce(sum(l.debit_cents), 0)::bigint from ledger.line as l) as debit_cents,
    (select coalesce(sum(l.credit_cents), 0)::bigint from ledger.line as l) as credit_cents,
    count(*) as invoices,
    count(*) filter (where v.outcome = 'recorded') as recorded,
    count(*) filter (where v.outcome = 'held') as held,
    count(*) filter (where v.outcome = 'archived') as archived,
    count(*) filter (where v.outcome = 'no_entry') as no_entry,
    (select count(*) from ledger.overtaken) as overtaken,
    (select count(*) from ledger.parked_record) as parked,
    (select count(*) from ledger.company) as companies,
    (select count(*) from (select distinct f.company_id, f.run_id from ledger.run_finished as f) as r) as finished_runs,
    (select coalesce(sum(h.seq), 0)::bigint from ledger.chain_head as h) as sealed_batches,
    (select coalesce(sum(d.seq), 0)::bigint from ledger.announced as d) as announced_batches
from (
    select distinct on (i.company_id, i.invoice_id) i.outcome
    from ledger.invoice as i
    order by i.company_id asc, i.invoice_id asc, i.version desc
) as v;
