-- When the regular runs of a connection are due, and the migrations of history that people asked for.
-- depends: 0003_jobs 0004_connect 0005_wanted

create table agenda (
    connection_id text not null references connection,
    kind text not null check (kind in ('daily', 'weekly')),
    due_at timestamptz not null,
    primary key (connection_id, kind)
);

create index agenda_due on agenda (due_at);

-- The agenda says when a connection that Amazon denies is tried again.
alter table connection drop column tried_at;

-- What only a migration of history has seen, and so nobody else works on before it is done.
alter table order_line add column of_history boolean not null default false;
alter table wanted add column of_history boolean not null default false;

-- Who is connected already missed its slot, so that nobody's first runs begin at one moment.
insert into agenda (connection_id, kind, due_at)
select
    c.connection_id,
    k.kind,
    now() - interval '1 day'
from connection as c
cross join (values ('daily'), ('weekly')) as k (kind);

-- Procrastinate asks for every job it may take whether another one has its lock.
create index jobs_of_lock on fetcher_jobs.procrastinate_jobs (lock, priority, id) where status in ('todo', 'doing');

-- The documents of [since, until) of a connection, imported for a fee. `orders` = how many were counted for the estimate.
create table migration (
    migration_id text primary key,
    run_id text not null unique,
    company_id text not null references company,
    connection_id text not null references connection,
    since date not null,
    until date not null check (since < until),
    state text not null check (state in ('requested', 'estimated', 'approved', 'running', 'paused', 'done', 'refused')),
    orders integer
);

create unique index migration_open on migration (connection_id) where state not in ('done', 'refused');
create index migration_of_company on migration (company_id, since);

-- Every step of a migration, who made it and when; the accepted quote with the approval. Nothing here is ever changed.
create table migration_step (
    migration_id text not null references migration,
    place integer not null,
    state text not null,
    at timestamptz not null,
    who text not null,
    quote jsonb,
    primary key (migration_id, place)
);

create function migration_step_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the steps of a migration are never changed';
end $$;

create trigger migration_step_stays before update or delete or truncate on migration_step
for each statement execute function migration_step_stays();
