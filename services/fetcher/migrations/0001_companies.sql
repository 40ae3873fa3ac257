-- Companies, their connections and the consents on the way to one.
create table company (
    company_id text primary key,
    name text not null,
    siren text not null,
    vat_id text,
    plan text not null,
    file_code text not null,
    test_environment boolean not null,
    sealed_address text not null,
    choices jsonb not null,
    settings_revision integer not null default 1,
    described integer not null default 0
);

create unique index company_name on company (lower(name));

create table connection (
    connection_id text primary key,
    company_id text not null references company,
    marketplace_id text not null,
    state text not null check (state in ('initialising', 'active', 'broken', 'closed')),
    sealed_refresh_token text not null,
    opened_at timestamptz not null,
    since timestamptz not null,
    changes integer not null default 0
);

create unique index connection_open on connection (company_id, marketplace_id) where state <> 'closed';

-- One row per browser session and company. `state_hash` is set only while somebody is on Amazon's consent page.
create table consent (
    session_id text not null,
    company_id text not null references company,
    step text not null check (step in ('company', 'amazon', 'done')),
    state_hash text unique,
    expires_at timestamptz,
    authorised_at timestamptz not null,
    primary key (session_id, company_id)
);
