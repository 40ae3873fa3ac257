-- name: run(run_id)^
-- One run.
select run_id, company_id, connection_id, kind, state, window_from, window_to, started_at, emitted from run where run_id = :run_id;

-- name: locked_run(run_id)^
-- One run, locked: whoever says something in it takes the next number.
select run_id, company_id, connection_id, kind, state, window_from, window_to, started_at, emitted
from run
where run_id = :run_id
for update;

-- name: entities(connection_id)
-- The legal entities of the account, and whether they are the company's own.
select name, ours from legal_entity where connection_id = :connection_id order by name;

-- name: settle_entity(connection_id, name)!
-- A document of this entity is said: it is the company's own, unless somebody decided.
update legal_entity set ours = true where connection_id = :connection_id and name = :name and ours is null;

-- name: orders_of_documents(connection_id, documents)
-- The orders that PDFs came for.
select sha256, order_id
from document_order
where connection_id = :connection_id and sha256 = any(:documents)
order by order_id;

-- name: statements_of_numbers(connection_id, numbers, kinds)
-- Every line that bears one of these numbers, each with its kind, and whether that line has another number of the same kind.
select
    n.order_id,
    n.order_line_item_id,
    n.shipment_id,
    n.number,
    n.kind,
    n.issue_date,
    n.origin,
    exists(
        select from line_number as m
        where
            m.connection_id = n.connection_id and m.order_id = n.order_id and m.order_line_item_id = n.order_line_item_id
            and m.shipment_id = n.shipment_id and m.kind = n.kind and m.number <> n.number
    ) as shared
from unnest(:numbers::text[], :kinds::text[]) as asked (number, kind)
inner join line_number as n on asked.number = n.number and asked.kind = n.kind
where n.connection_id = :connection_id
order by n.order_id, n.shipment_id, n.order_line_item_id;

-- name: transactions_of_orders(connection_id, orders)
-- The current transactions that have a line of these orders, under each of them.
-- An order is found by the index on `raw` first: the one on connections would go through all of a connection for each.
with found as materialized (
    select asked.order_id, t.connection_id, t.current, t.transaction_id, t.raw
    from unnest(:orders::text[]) as asked (order_id)
    inner join
        amazon_transaction as t
        on t.raw @> jsonb_build_object('transactionLineItems', jsonb_build_array(jsonb_build_object('orderId', asked.order_id)))
)

select found.order_id, found.transaction_id, found.raw
from found
where found.connection_id = :connection_id and found.current
order by found.transaction_id;

-- name: invoices_named(connection_id, orders, numbers, kinds)
-- The ids of the invoices that Amazon's own keys name: an order, a number and a kind each.
select k.number, k.kind, min(k.invoice_id) as invoice_id
from unnest(:orders::text[], :numbers::text[], :kinds::text[]) as asked (order_id, number, kind)
inner join invoice_key as k on asked.order_id = k.order_id and asked.number = k.number and asked.kind = k.kind
where k.connection_id = :connection_id
group by k.number, k.kind;

-- name: invoices(ids, documents)
-- Invoices, each with what was last said of it from one PDF, and the event if people's decisions were in it.
-- Ours until the commit, in one order: who lifts a hold says the next revision of one beside its connection's run.
select
    i.invoice_id,
    i.number,
    i.kind,
    i.revision,
    i.said,
    f.facts_hash,
    case when i.collected #> '{lifted,0}' is not null then i.collected::text end as decided
from unnest(:ids::text[], :documents::text[]) as asked (invoice_id, sha256)
inner join invoice as i on asked.invoice_id = i.invoice_id
left join invoice_facts as f on i.invoice_id = f.invoice_id and asked.sha256 = f.sha256
order by i.invoice_id
for update of i;

-- name: last_said(company_id, invoice_id)^
-- An invoice of the company and the event last said of it, ours until the commit.
select i.invoice_id, i.number, i.kind, i.revision, i.said, f.facts_hash, i.collected::text as collected
from invoice as i
inner join invoice_facts as f on i.invoice_id = f.invoice_id and f.sha256 = i.collected -> 'document' ->> 'sha256'
where i.company_id = :company_id and i.invoice_id = :invoice_id
for update of i;

-- name: put_invoice(invoice_id, company_id, connection_id, number, kind)*!
-- The invoice with its id, unless it has been kept.
insert into invoice (invoice_id, company_id, connection_id, number, kind)
values (:invoice_id, :company_id, :connection_id, :number, :kind)
on conflict do nothing;

-- name: put_invoice_key(connection_id, order_id, number, kind, invoice_id)*!
-- One of Amazon's keys of the invoice.
insert into invoice_key (connection_id, order_id, number, kind, invoice_id)
values (:connection_id, :order_id, :number, :kind, :invoice_id)
on conflict do nothing;

-- name: say_invoice(revision, said, collected, invoice_id)*!
-- The invoice as it is said now.
update invoice
set revision = :revision, said = :said, collected = :collected::jsonb
where invoice_id = :invoice_id;

-- name: put_facts(invoice_id, sha256, facts_hash)*!
-- What is said of it from this PDF.
insert into invoice_facts (invoice_id, sha256, facts_hash)
values (:invoice_id, :sha256, :facts_hash)
on conflict (invoice_id, sha256) do update set facts_hash = excluded.facts_hash;

-- name: next_runseq(count, run_id)$
-- The last of `count` next numbers in the run, without a gap: the row is locked until the commit.
update run set emitted = emitted + :count where run_id = :run_id returning emitted;

-- name: put_emission(run_id, runseq, invoice_id, revision, now)*!
-- Which invoice has which number in the run.
insert into emission (run_id, runseq, invoice_id, revision, said_at) values (:run_id, :runseq, :invoice_id, :revision, :now);

-- name: finish_run(now, run_id)!
-- The run is over; once.
update run set state = 'finished', finished_at = :now where run_id = :run_id and state = 'collecting';

-- name: emissions_of_days(run_id, company_id)
-- What was said of the company, in all its runs, on the days on which this run said something.
with said as (
    select
        (e.said_at at time zone 'UTC')::date as day,
        e.run_id,
        e.runseq,
        e.invoice_id,
        e.revision
    from emission as e
    inner join run as r on e.run_id = r.run_id
    where r.company_id = :company_id
)

select day, run_id, runseq, invoice_id, revision
from said
where day in (select s.day from said as s where s.run_id = :run_id);
