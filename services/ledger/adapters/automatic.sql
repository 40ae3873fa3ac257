-- name: automatic_companies()
-- The companies whose entries validate themselves and that have some without fate, each with the last place in its book.
select c.company_id, h.seq
from (select distinct e.company_id from ledger.period_event as e where e.deed = 'automatic') as c
inner join ledger.company as k on k.company_id = c.company_id
inner join ledger.chain_head as h on h.book = k.book
where
    exists (select from ledger.automatic_since(c.company_id))
    and exists (select from ledger.todo as t where t.company_id = c.company_id)
order by c.company_id;

-- name: validate_automatically(company, limit)$
-- Validates what needs nobody's eye; how many entries.
select ledger.validate_automatically(:company, :limit);
