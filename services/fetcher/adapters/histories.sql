-- name: put_migration(migration_id, run_id, company_id, connection_id, since, until, state)!
-- A migration that somebody asks for; none while another of the connection is open.
insert into migration (migration_id, run_id, company_id, connection_id, since, until, state)
values (:migration_id, :run_id, :company_id, :connection_id, :since, :until, :state)
on conflict do nothing;

-- name: migrations(company_id)
-- The migrations of a company, latest first.
select m.migration_id, m.run_id, m.company_id, m.connection_id, m.since, m.until, m.state, m.orders
from migration as m
inner join migration_step as s on m.migration_id = s.migration_id and s.place = 1
where m.company_id = :company_id
order by s.at desc, m.migration_id asc;

-- name: locked_migration(migration_id)^
-- One migration, locked until the transaction ends.
select migration_id, run_id, company_id, connection_id, since, until, state, orders
from migration
where migration_id = :migration_id
for update;

-- name: migration_of_run(run_id)^
-- The migration a run is for.
select migration_id, run_id, company_id, connection_id, since, until, state, orders from migration where run_id = :run_id;

-- name: move_migration(state, orders, migration_id)!
-- Where it stands now.
update migration set state = :state, orders = :orders where migration_id = :migration_id;

-- name: put_step(migration_id, state, at, who, quote)!
-- A step of a migration, for good.
insert into migration_step (migration_id, place, state, at, who, quote)
select
    :migration_id,
    1 + count(*),
    :state,
    :at,
    :who,
    :quote::jsonb
from migration_step
where migration_id = :migration_id;

-- name: steps(migration_id)
-- Every step of a migration, first to last.
select state, at, who, quote::text as quote from migration_step where migration_id = :migration_id order by place;

-- name: standing_in_the_way(run_id)$
-- Whether a job of a higher lane waits for the lock that this run's job holds.
select
    exists(
        select from fetcher_jobs.procrastinate_jobs as mine
        inner join fetcher_jobs.procrastinate_jobs as other on mine.lock = other.lock
        where
            mine.status = 'doing' and mine.worker_id is not null and mine.args ->> 'run_id' = :run_id
            and other.status = 'todo' and other.priority > mine.priority
            and (other.scheduled_at is null or other.scheduled_at <= now())
    ) as standing;

-- name: release_lines(connection_id)!
-- A migration is done: its lines are everybody's.
update order_line set of_history = false where connection_id = :connection_id and of_history;

-- name: release_wanted(connection_id)!
-- A migration is done: what it wanted is everybody's.
update wanted set of_history = false where connection_id = :connection_id and of_history;
