-- name: outcomes(company_id, runs)
-- Every number of these runs of the company that has an outcome, with what it was about (null for a repeat and for a refused record).
select o.run_id, o.runseq, k.key
from ledger.outcome as o
left join lateral (
    select i.invoice_id || '/' || i.revision as key from ledger.invoice as i
    where i.batch_id = o.batch_id and i.company_id = o.company_id and i.run_id = o.run_id and i.runseq = o.runseq
    union all
    select v.invoice_id || '/' || v.revision from ledger.overtaken as v
    where v.batch_id = o.batch_id and v.company_id = o.company_id and v.run_id = o.run_id and v.runseq = o.runseq
) as k on true
where o.company_id = :company_id and o.run_id = any(:runs::text[]);

-- name: ended(company_id, runs)
-- How many numbers these runs of the company gave, where their end is in the book.
select m.run_id, m.emitted
from ledger.run_marker as m
where m.company_id = :company_id and m.run_id = any(:runs::text[]);
