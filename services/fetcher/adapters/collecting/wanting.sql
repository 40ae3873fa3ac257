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
