-- What people decided, for ever, and the rules of each company that follow from it or were written.
create table decision (
    seq bigint generated always as identity primary key,
    event_id text not null unique,
    ce_type text not null,
    company_id text not null,
    family text,
    facts jsonb not null,
    decided_at timestamptz not null,
    kept_at timestamptz not null default clock_timestamp()
);

create index decision_alike on decision (company_id, family, seq);

-- Every change of a company's rules raises its edition, which answers name.
create table company_edition (
    company_id text primary key,
    edition integer not null check (edition > 0)
);

-- A rule holds from one edition until, not including, another; so each edition can be had again.
create table company_rule (
    company_id text not null references company_edition (company_id),
    rule_id text not null,
    kind text not null check (kind in ('line', 'supplier')),
    since_edition integer not null,
    until_edition integer,
    body jsonb not null,
    after_decision bigint not null,
    begun_by text not null,
    ended_by text,
    primary key (company_id, rule_id, since_edition),
    check ((until_edition is null) = (ended_by is null)),
    check (until_edition > since_edition)
);

-- One rule of an id holds at a time.
create unique index company_rule_holds on company_rule (company_id, rule_id) where until_edition is null;
