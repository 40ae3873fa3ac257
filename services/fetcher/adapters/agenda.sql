-- name: begin_agenda(connection_id, kind, due_at)*!
-- A connection's first due runs, unless it has some.
insert into agenda (connection_id, kind, due_at) values (:connection_id, :kind, :due_at) on conflict do nothing;

-- name: due(now, limit)
-- What is due, longest first, a few at a time; another process takes others meanwhile.
select a.connection_id, a.kind, a.due_at
from agenda as a
where a.due_at <= :now
order by a.due_at, a.connection_id, a.kind
limit :limit
for update skip locked;

-- name: put_off(due_at, connection_id, kind)!
-- When it is due next.
update agenda set due_at = :due_at where connection_id = :connection_id and kind = :kind;
