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

-- name: ask_neighbours(now, started_at, connection_id, order_id, shipment_id)*!
-- A number came up for one line of this shipment: it may be there for the others, which were not asked in this run.
update order_line
set ask_at = :now
where
    connection_id = :connection_id and order_id = :order_id and shipment_id = :shipment_id
    and asked_at < :started_at and (ask_at is null or ask_at > :now);

-- name: put_number(connection_id, order_id, order_line_item_id, shipment_id, number, kind, issue_date, origin, consolidated)*!
-- A number of a line; `/invoices` knows better than a transaction.
insert into line_number (connection_id, order_id, order_line_item_id, shipment_id, number, kind, issue_date, origin, consolidated)
values (:connection_id, :order_id, :order_line_item_id, :shipment_id, :number, :kind, :issue_date, :origin, :consolidated)
on conflict (connection_id, order_id, order_line_item_id, shipment_id, number, kind) do update set
    issue_date = coalesce(excluded.issue_date, line_number.issue_date),
    consolidated = line_number.consolidated or excluded.consolidated,
    origin = case when excluded.origin = 'api:invoices' then excluded.origin else line_number.origin end;

-- name: orders_of_numbers(connection_id, numbers)
-- The orders that bear these numbers.
select distinct number, order_id
from line_number
where connection_id = :connection_id and number = any(:numbers)
order by number, order_id;
