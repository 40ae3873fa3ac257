-- What stops a service and what it skips. In the schema of each service; the service writes trips, an operator does the rest.
create table breaker (
    trip integer generated always as identity primary key,
    tripped_at timestamptz not null default clock_timestamp(),
    reason text not null,
    topic text not null,
    partition integer not null,
    record_offset bigint not null,
    refused integer not null,
    seen integer not null,
    resumed_at timestamptz,
    resumed_by text,
    check ((resumed_at is null) = (resumed_by is null))
);

-- At most one trip is open, however many processes trip at once.
create unique index breaker_open on breaker ((true)) where resumed_at is null;

create table skip (
    topic text not null,
    partition integer not null,
    record_offset bigint not null,
    asked_by text not null,
    asked_at timestamptz not null default clock_timestamp(),
    why text not null,
    primary key (topic, partition, record_offset)
);
