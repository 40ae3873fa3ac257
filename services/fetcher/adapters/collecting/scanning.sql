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

-- name: see_entity(connection_id, name, now)*!
-- A legal entity whose purchases the account shows, unless it is known.
insert into legal_entity (connection_id, name, first_seen) values (:connection_id, :name, :now) on conflict do nothing;
