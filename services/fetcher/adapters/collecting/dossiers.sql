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
