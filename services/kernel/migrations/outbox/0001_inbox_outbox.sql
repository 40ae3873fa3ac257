-- Events that were handled, and records that wait to be sent. In the schema of each service that has both.
create table inbox (
    event_id text primary key,
    claimed_at timestamptz not null default clock_timestamp()
);

create table outbox_head (
    stripe smallint primary key,
    seq bigint not null default 0
) with (fillfactor = 50);

insert into outbox_head (stripe) select generate_series(0, 23);

create table outbox (
    stripe smallint not null,
    seq bigint not null,
    topic text not null,
    key bytea,
    value bytea,
    header_names text[] not null,
    header_values bytea[] not null,
    primary key (stripe, seq)
);
