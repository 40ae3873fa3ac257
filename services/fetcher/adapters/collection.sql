-- name: run(run_id)^
-- One run.
select run_id, company_id, connection_id, kind, state, window_from, window_to, started_at, emitted from run where run_id = :run_id;

-- name: locked_run(run_id)^
-- One run, locked: whoever says something in it takes the next number.
select run_id, company_id, connection_id, kind, state, window_from, window_to, started_at, emitted
from run
where run_id = :run_id
for update;

-- name: begin_scan(run_id)!
-- The run's scan, from its beginning unless it has begun.
insert into scan (run_id) values (:run_id) on conflict do nothing;

-- name: scan(run_id)^
-- How far the scan is.
select next_page_token, pages, finished_at from scan where run_id = :run_id;

-- name: advance_scan(next_page_token, rows_read, rows_outside, finished_at, run_id)!
-- One more page; no next token = the last one.
update scan
set
    next_page_token = :next_page_token,
    pages = pages + 1,
    rows_read = rows_read + :rows_read,
    rows_outside = rows_outside + :rows_outside,
    finished_at = :finished_at
where run_id = :run_id;

-- name: restart_scan(run_id)!
-- Forget the page token.
update scan set next_page_token = null where run_id = :run_id;

-- name: current_hashes(connection_id, transactions)
-- The content of transactions as last seen.
select transaction_id, content_hash
from amazon_transaction
where connection_id = :connection_id and transaction_id = any(:transactions) and current;

-- name: see_transactions(now, connection_id, transactions, weekly)!
-- They were seen again, unchanged: that is kept by the scans that look for what is missing, and of what was.
update amazon_transaction
set last_seen = :now, missed = 0, missed_since = null
where connection_id = :connection_id and transaction_id = any(:transactions) and current and (:weekly or missed > 0);

-- name: retire_transaction(connection_id, transaction_id)*!
-- The version until now is no longer the current one.
update amazon_transaction
set current = false
where connection_id = :connection_id and transaction_id = :transaction_id and current;

-- name: put_transaction(connection_id, transaction_id, content_hash, raw, dated_on, now)*!
-- A new version.
insert into amazon_transaction (connection_id, transaction_id, version, current, content_hash, raw, dated_on, first_seen, last_seen)
select
    :connection_id,
    :transaction_id,
    1 + count(*),
    true,
    :content_hash,
    :raw::jsonb,
    :dated_on,
    :now,
    :now
from amazon_transaction
where connection_id = :connection_id and transaction_id = :transaction_id;

-- name: miss_transactions(now, connection_id, shown_since, started_at)!
-- A weekly scan is over: what it should have shown and did not is missed once more, flagged from the second time on.
update amazon_transaction
set
    missed = missed + 1,
    missed_since = case when missed >= 1 then coalesce(missed_since, :now) end
where connection_id = :connection_id and current and dated_on >= :shown_since and last_seen < :started_at;

-- name: put_line(connection_id, order_id, order_line_item_id, shipment_id, charged, refunded, moved_at, of_history, now)*!
-- A line of a new or changed transaction: to be asked now.
insert into order_line (
    connection_id, order_id, order_line_item_id, shipment_id, charged, refunded, of_history, moved_at, ask_at, seen_at, changed_at
)
values (
    :connection_id, :order_id, :order_line_item_id, :shipment_id, :charged, :refunded, :of_history,
    coalesce(:moved_at::timestamptz, :now), :now, :now, :now
)
on conflict (connection_id, order_id, order_line_item_id, shipment_id) do update set
    charged = order_line.charged or excluded.charged,
    refunded = order_line.refunded or excluded.refunded,
    of_history = order_line.of_history and excluded.of_history,
    seen_at = excluded.seen_at,
    moved_at = greatest(order_line.moved_at, :moved_at::timestamptz),
    ask_at = excluded.ask_at,
    changed_at = excluded.changed_at;

-- name: share_lines(connection_id, orders)!
-- The lines of these orders are no longer a migration's alone.
update order_line set of_history = false where connection_id = :connection_id and order_id = any(:orders) and of_history;

-- name: want_order(connection_id, order_id, moved_at, next_attempt_at, of_history, now)*!
-- An order of a new or changed transaction: touched and wanted now.
insert into wanted (connection_id, order_id, number, moved_at, next_attempt_at, of_history, touched_at)
values (:connection_id, :order_id, '', coalesce(:moved_at::timestamptz, :now), :next_attempt_at, :of_history, :now)
on conflict (connection_id, order_id, number) do update set
    of_history = wanted.of_history and excluded.of_history,
    touched_at = excluded.touched_at,
    news = wanted.news + 1,
    moved_at = greatest(wanted.moved_at, :moved_at::timestamptz),
    failures = 0,
    next_attempt_at = least(wanted.next_attempt_at, excluded.next_attempt_at);

-- name: see_orders(now, of_history, connection_id, orders)!
-- These orders were seen again with nothing new: touched are those of which something waits, and a migration's that are shared now.
update wanted as w
set touched_at = :now, of_history = w.of_history and :of_history
where
    w.connection_id = :connection_id
    and w.number = ''
    and w.order_id = any(:orders)
    and (
        (w.of_history and not :of_history)
        or exists (select from waiting as s where s.connection_id = w.connection_id and s.order_id = w.order_id)
    );

-- name: see_entity(connection_id, name, now)*!
-- A legal entity whose purchases the account shows, unless it is known.
insert into legal_entity (connection_id, name, first_seen) values (:connection_id, :name, :now) on conflict do nothing;

-- name: entities(connection_id)
-- The legal entities of the account, and whether they are the company's own.
select name, ours from legal_entity where connection_id = :connection_id order by name;

-- name: settle_entity(connection_id, name)!
-- A document of this entity is said: it is the company's own, unless somebody decided.
update legal_entity set ours = true where connection_id = :connection_id and name = :name and ours is null;

-- name: lines_to_ask(connection_id, of_history, now, limit)
-- Shipped lines that changed since they were asked, or whose turn has come while a number is unknown in a direction that money went, or in any.
select l.order_id, l.order_line_item_id, l.shipment_id, l.charged, l.refunded, l.pending, l.moved_at, l.ask_at
from order_line as l
where
    l.connection_id = :connection_id
    and l.shipment_id <> ''
    and l.of_history = :of_history
    and l.ask_at <= :now
    and (
        l.asked_at is null
        or l.asked_at < l.changed_at
        or (not l.charged and not l.refunded and not exists (
            select from line_number as n
            where
                n.connection_id = l.connection_id and n.order_id = l.order_id and n.order_line_item_id = l.order_line_item_id
                and n.shipment_id = l.shipment_id
        ))
        or (l.charged and not exists (
            select from line_number as n
            where
                n.connection_id = l.connection_id and n.order_id = l.order_id and n.order_line_item_id = l.order_line_item_id
                and n.shipment_id = l.shipment_id and n.kind = 'invoice'
        ))
        or (l.refunded and not exists (
            select from line_number as n
            where
                n.connection_id = l.connection_id and n.order_id = l.order_id and n.order_line_item_id = l.order_line_item_id
                and n.shipment_id = l.shipment_id and n.kind = 'credit_note'
        ))
    )
order by l.order_id, l.order_line_item_id, l.shipment_id
limit :limit;

-- name: mark_asked(now, pending, ask_at, connection_id, order_id, order_line_item_id, shipment_id)*!
-- The line was asked, its number is or is not announced as pending, and its next turn comes then.
update order_line
set asked_at = :now, pending = :pending, ask_at = :ask_at
where
    connection_id = :connection_id and order_id = :order_id and order_line_item_id = :order_line_item_id
    and shipment_id = :shipment_id;

-- name: hasten(now, connection_id, order_id)*!
-- A number came up: the order's documents are wanted now.
update wanted
set next_attempt_at = :now, touched_at = :now, news = news + 1
where connection_id = :connection_id and order_id = :order_id and number = '';

-- name: want_number(connection_id, number, kind, moved_at, of_history, now)*!
-- The document of a number is wanted by itself, now.
insert into wanted (connection_id, order_id, number, kind, moved_at, next_attempt_at, of_history, touched_at)
values (:connection_id, '', :number, :kind, :moved_at, :now, :of_history, :now)
on conflict do nothing;

-- name: touch(now, connection_id, orders)!
-- Something about these orders came in.
update wanted
set touched_at = :now, news = news + 1
where connection_id = :connection_id and order_id = any(:orders) and number = '';

-- name: put_number(connection_id, order_id, order_line_item_id, shipment_id, number, kind, issue_date, origin, consolidated)*!
-- A number of a line; `/invoices` knows better than a transaction.
insert into line_number (connection_id, order_id, order_line_item_id, shipment_id, number, kind, issue_date, origin, consolidated)
values (:connection_id, :order_id, :order_line_item_id, :shipment_id, :number, :kind, :issue_date, :origin, :consolidated)
on conflict (connection_id, order_id, order_line_item_id, shipment_id, number, kind) do update set
    issue_date = coalesce(excluded.issue_date, line_number.issue_date),
    consolidated = line_number.consolidated or excluded.consolidated,
    origin = case when excluded.origin = 'api:invoices' then excluded.origin else line_number.origin end;

-- name: orders_to_look_at(connection_id, started_at, of_history, after, limit)
-- The orders about which something came in since they were looked at, and those seen since the run began of which something waits,
-- a few at a time, by id, each with how much came in; a migration's are looked at by it alone.
select w.order_id, w.news
from wanted as w
where
    w.connection_id = :connection_id
    and w.number = ''
    and w.order_id > :after
    and (:of_history or not w.of_history)
    and (
        w.news > w.news_seen
        or (
            w.touched_at >= :started_at
            and exists (select from waiting as s where s.connection_id = w.connection_id and s.order_id = w.order_id)
        )
    )
order by w.order_id
limit :limit;

-- name: look_at(news, connection_id, order_id)*!
-- The order was looked at with so much of what came in.
update wanted set news_seen = :news where connection_id = :connection_id and order_id = :order_id and number = '' and news_seen < :news;

-- name: next_wanted(connection_id, of_history, now, limit)
-- What is due first and not under way.
select w.order_id, w.number, w.moved_at, w.failures, w.trouble, w.next_attempt_at, w.kind
from wanted as w
where
    w.connection_id = :connection_id
    and w.of_history = :of_history
    and w.next_attempt_at <= :now
    and (w.order_id, w.number) not in (
        select r.order_id, r.number
        from report as r
        where r.connection_id = :connection_id and r.state in ('asked', 'ready')
    )
order by w.next_attempt_at, w.order_id, w.number
limit :limit;

-- name: wanted(connection_id, orders, numbers)
-- What is wanted under these keys, an order and a number each, locked: whoever ends a report moves its ladder.
select w.order_id, w.number, w.moved_at, w.failures, w.trouble, w.next_attempt_at, w.kind
from wanted as w
where
    w.connection_id = :connection_id
    and (w.order_id, w.number) in (
        select asked.order_id, asked.number
        from unnest(:orders::text[], :numbers::text[]) as asked (order_id, number)
    )
order by w.order_id, w.number
for update;

-- name: put_wanted(failures, trouble, next_attempt_at, now, news, connection_id, order_id, number, seen_at)*!
-- How far its ladder is, unless somebody moved it since it was looked at; news = 1 when something came in, 0 when it was looked at only.
update wanted
set failures = :failures, trouble = :trouble, next_attempt_at = :next_attempt_at, touched_at = :now, news = news + :news
where
    connection_id = :connection_id and order_id = :order_id and number = :number
    and next_attempt_at is not distinct from :seen_at::timestamptz;

-- name: orders_of_numbers(connection_id, numbers)
-- The orders that bear these numbers.
select distinct number, order_id
from line_number
where connection_id = :connection_id and number = any(:numbers)
order by number, order_id;

-- name: put_report(report_id, run_id, connection_id, order_id, number, state, polls, asked_at, next_poll_at, report_document_id)*!
-- A report as it stands now.
insert into report (report_id, run_id, connection_id, order_id, number, state, polls, asked_at, next_poll_at, report_document_id)
values (:report_id, :run_id, :connection_id, :order_id, :number, :state, :polls, :asked_at, :next_poll_at, :report_document_id)
on conflict (report_id) do update set
    state = excluded.state,
    polls = excluded.polls,
    next_poll_at = excluded.next_poll_at,
    report_document_id = excluded.report_document_id;

-- name: next_reports(connection_id, state, limit)
-- The connection's reports of that state whose turns come first.
select report_id, order_id, number, state, polls, asked_at, next_poll_at, report_document_id
from report
where connection_id = :connection_id and state = :state
order by next_poll_at, report_id
limit :limit;

-- name: put_payload(payload_sha256, report_id)*!
-- The hash of what a report brought.
update report set payload_sha256 = :payload_sha256 where report_id = :report_id;

-- name: put_document(connection_id, sha256, size_bytes, object_key, number, evidence, payload_sha256, now)*!
-- A PDF, unless it is known.
insert into document (connection_id, sha256, size_bytes, object_key, number, evidence, payload_sha256, received_at)
values (:connection_id, :sha256, :size_bytes, :object_key, :number, :evidence::jsonb, :payload_sha256, :now)
on conflict do nothing;

-- name: number_document(number, connection_id, sha256)*!
-- The number a PDF bears, as settled.
update document set number = :number where connection_id = :connection_id and sha256 = :sha256 and number is distinct from :number;

-- name: claim_document(number, connection_id, sha256, orders)*!
-- The PDF that came for a number by itself has it, unless it has one, or came for other orders than those of the number.
update document as d
set number = :number
where
    d.connection_id = :connection_id
    and d.sha256 = :sha256
    and d.number is null
    and not exists (
        select from document_order as o
        where o.connection_id = d.connection_id and o.sha256 = d.sha256 and o.order_id <> all(:orders::text[])
    );

-- name: put_document_order(connection_id, sha256, order_id)*!
-- The PDF came for this order.
insert into document_order (connection_id, sha256, order_id) values (:connection_id, :sha256, :order_id) on conflict do nothing;

-- name: lines_of_orders(connection_id, orders)
-- The lines of orders.
select order_id, order_line_item_id, shipment_id, charged, refunded, pending, moved_at, ask_at
from order_line
where connection_id = :connection_id and order_id = any(:orders)
order by shipment_id, order_line_item_id;

-- name: numbers_of_orders(connection_id, orders)
-- The numbers Amazon gives for orders.
select order_id, order_line_item_id, shipment_id, number, kind, issue_date, origin, consolidated
from line_number
where connection_id = :connection_id and order_id = any(:orders)
order by number, kind, shipment_id, order_line_item_id;

-- name: papers_of_orders(connection_id, orders)
-- The PDFs that came for an order or bear one of its numbers, in the order they came, and whether only another order has the number.
with shown as (
    select o.order_id, o.sha256
    from document_order as o
    where o.connection_id = :connection_id and o.order_id = any(:orders)
    union
    select n.order_id, d.sha256
    from line_number as n
    inner join document as d on n.connection_id = d.connection_id and n.number = d.number
    where n.connection_id = :connection_id and n.order_id = any(:orders)
)

select
    shown.order_id,
    d.sha256,
    d.size_bytes,
    d.object_key,
    d.number,
    d.evidence::text as evidence,
    coalesce((
        select bool_and(n.order_id <> shown.order_id) from line_number as n
        where n.connection_id = d.connection_id and n.number = d.number
    ), false) as of_another
from shown
inner join document as d on shown.sha256 = d.sha256
where d.connection_id = :connection_id
order by d.received_at, d.sha256;

-- name: wants_of_orders(connection_id, orders)
-- What is wanted `of_order`: its own documents, and those of its consolidated numbers.
with shown as (
    select asked.order_id as of_order, asked.order_id, '' as number
    from unnest(:orders::text[]) as asked (order_id)
    union
    select n.order_id as of_order, '' as order_id, n.number
    from line_number as n
    where n.connection_id = :connection_id and n.order_id = any(:orders)
)

select shown.of_order, w.order_id, w.number, w.moved_at, w.failures, w.trouble, w.next_attempt_at, w.kind
from shown
inner join wanted as w on shown.order_id = w.order_id and shown.number = w.number
where w.connection_id = :connection_id
order by w.number;

-- name: waits_of_orders(connection_id, orders)
-- What of orders waits.
select order_id, number, reason, since, next_attempt_at
from waiting
where connection_id = :connection_id and order_id = any(:orders)
order by place;

-- name: end_waits(connection_id, orders)!
-- Nothing of the orders waits, until it is said otherwise.
delete from waiting where connection_id = :connection_id and order_id = any(:orders);

-- name: put_wait(connection_id, order_id, place, number, reason, since, next_attempt_at)*!
-- One thing of an order waits.
insert into waiting (connection_id, order_id, place, number, reason, since, next_attempt_at)
values (:connection_id, :order_id, :place, :number, :reason, :since, :next_attempt_at);

-- name: waiting(connection_id, limit)
-- What waits, oldest first.
select order_id, number, reason, since, next_attempt_at
from waiting
where connection_id = :connection_id
order by since, order_id, place
limit :limit;

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
-- Invoices, each with what was last said of it from one PDF.
select i.invoice_id, i.number, i.kind, i.revision, i.said, f.facts_hash
from unnest(:ids::text[], :documents::text[]) as asked (invoice_id, sha256)
inner join invoice as i on asked.invoice_id = i.invoice_id
left join invoice_facts as f on i.invoice_id = f.invoice_id and asked.sha256 = f.sha256;

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
