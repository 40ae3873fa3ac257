-- Why a connection is broken, tokens that go with their connection, and the legal entities of an account.
alter table connection add column trouble text;          -- why it is broken, as connection.broken says it
alter table connection add column tried_at timestamptz;  -- when one that Amazon denies was last tried again
alter table connection add column proven boolean not null default true;  -- false: a new consent, whose account has not been compared yet
alter table connection alter column sealed_refresh_token drop not null;

update connection set sealed_refresh_token = null where state = 'closed';
update connection set trouble = 'consent_withdrawn' where state = 'broken';

alter table connection add constraint connection_closed_has_no_token check (state <> 'closed' or sealed_refresh_token is null);

-- Why Amazon's page led nowhere the last time, until the next attempt.
alter table consent add column refusal text;

-- A run of a connection that was closed under it is dropped: it says nothing more, not even a marker.
alter table run drop constraint run_state_check;
alter table run add constraint run_state_check check (state in ('collecting', 'finished', 'dropped'));

-- The legal entities whose purchases an account shows; '' = Amazon named none. `ours` null = nobody decided.
create table legal_entity (
    connection_id text not null references connection,
    name text not null,
    ours boolean,
    first_seen timestamptz not null,
    primary key (connection_id, name)
);

insert into legal_entity (connection_id, name, first_seen)
select
    connection_id,
    coalesce(trim(raw ->> 'legalEntityName'), ''),
    min(first_seen)
from amazon_transaction
group by connection_id, coalesce(trim(raw ->> 'legalEntityName'), '');
