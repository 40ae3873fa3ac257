-- The book: append-only tables, and who may do what. One book = one stripe = one Kafka partition.
-- Objects belong to ledger_owner, as whom nobody logs in; the service logs in as ledger_app.
-- ledger_owner is a member of ledger_app: that is what lets take_position() see and end a frozen session of the service.

do $$ begin create role ledger_owner nologin; exception when duplicate_object or unique_violation then null; end $$;
do $$ begin create role ledger_app login; exception when duplicate_object or unique_violation then null; end $$;
do $$ begin execute format('grant ledger_owner to %I', current_user); end $$;
do $$ begin execute format('revoke temporary, create on database %I from public', current_database()); end $$;
grant ledger_app to ledger_owner;
alter schema ledger owner to ledger_owner;
revoke all on schema ledger from public;
grant usage on schema ledger to ledger_app;

set local role ledger_owner;
set local search_path = ledger;

create table company (
    company_id text primary key,
    book smallint not null,
    opened_at timestamptz not null default clock_timestamp()
);

-- The chart every company starts from (PCG roots padded to six digits).
create table chart (
    code text primary key,
    label text not null
);

create table account (
    company_id text not null,
    code text not null,
    label text not null,
    valid daterange not null default '[,)',
    primary key (company_id, code)
);

-- Closed up to and including closed_through; the day before the first = nothing is closed.
create table fiscal_year (
    company_id text not null,
    fy smallint not null,
    starts date not null,
    ends date not null,
    closed_through date not null,
    primary key (company_id, fy),
    check (ends > starts),
    check (closed_through between starts - 1 and ends)
);

-- One transaction's worth of one partition: the records from from_offset up to, not including, next_offset.
create table batch (
    batch_id bigint generated always as identity primary key check (batch_id < 1::bigint << 42),
    xid xid8 not null default pg_current_xact_id(),
    book smallint not null,
    kind "char" not null default 'I' check (kind = 'I'),
    n int not null check (n between 0 and 1048575),
    topic_id text not null,
    partition smallint not null,
    epoch int not null,
    from_offset bigint not null,
    next_offset bigint not null,
    recorded_at timestamptz not null default clock_timestamp(),
    check (book = partition),
    check (next_offset > from_offset),
    unique (topic_id, partition, from_offset)
);

-- A balanced entry, lines as parallel arrays; cents are signed (debit above zero). entry_id = batch_id << 20 | place in the batch.
-- currency and currency_cents = what the lines are in the currency of the document, signed alike (PCG 420-1); both null in euros.
create table entry (
    entry_id bigint primary key,
    company_id text not null,
    invoice_id text not null,
    revision int not null,
    journal text not null check (journal ~ '^[A-Z]{2,3}$'),
    entry_date date not null,
    piece_ref text not null check (piece_ref <> '' and piece_ref !~ E'[\t\n\r|]'),
    piece_date date not null,
    label text not null check (label <> '' and label !~ E'[\t\n\r|]'),
    source_key uuid not null unique,
    account text[] not null,
    auxiliary text[] not null,
    cents bigint[] not null,
    vat_rate text[] not null,
    currency text check (currency ~ '^[A-Z]{3}$' and currency <> 'EUR'),
    currency_cents bigint[],
    constraint entry_both_currencies_check check ((currency is null) = (currency_cents is null))
);

create view line as
select
    e.entry_id,
    e.company_id,
    l.n,
    l.account,
    l.auxiliary,
    greatest(l.cents, 0) as debit_cents,
    greatest(-l.cents, 0) as credit_cents,
    l.vat_rate,
    e.currency,
    e.currency_cents[l.n] as currency_cents
from entry as e
cross join
    lateral unnest(e.account, e.auxiliary, e.cents, e.vat_rate)
    with ordinality as l (account, auxiliary, cents, vat_rate, n);

-- Exactly one fate per entry: validated with a number, or superseded by another. Its key settles every race. Nobody may write it yet.
create table fate (
    entry_id bigint primary key,
    batch_id bigint not null,
    by_entry bigint,
    company_id text,
    journal text,
    fy smallint,
    number int,
    entry_date date,
    validated_on date,
    check (num_nonnulls(company_id, journal, fy, number, entry_date, validated_on) = case when by_entry is null then 6 else 0 end)
);

-- Entries without fate: a projection that the check fills.
create table todo (
    company_id text,
    entry_id bigint,
    primary key (company_id, entry_id)
) with (autovacuum_vacuum_scale_factor = 0.02);

-- Every state an invoice has been in. entry_id = the entry that stands for it, posting = that entry's digest,
-- booked = this version put it there. content = digest of what the event said; facts = what pages and announcements need.
create table invoice (
    batch_id bigint not null,
    record_offset bigint not null,
    company_id text not null,
    invoice_id text not null,
    version int not null check (version >= 1),
    revision int not null check (revision >= 1),
    outcome text not null check (outcome in ('recorded', 'held', 'no_entry', 'archived')),
    hold_stage text,
    hold_reason text,
    hold_sentence text,
    hold_action text,
    entry_id bigint,
    booked boolean not null,
    posting bytea,
    content bytea not null,
    facts jsonb not null,
    event_id text not null,
    event_time timestamptz not null,
    run_id text,
    runseq int,
    replay_id text,
    traceparent text,
    primary key (batch_id, record_offset),
    unique (company_id, invoice_id, version),
    check (num_nonnulls(hold_stage, hold_reason, hold_sentence, hold_action) = case when outcome = 'held' then 4 else 0 end),
    check ((entry_id is null) = (posting is null)),
    check (entry_id is not null or (outcome <> 'recorded' and not booked))
);
create index on invoice (company_id, (facts -> 'document' ->> 'sha256'));
create index on invoice (company_id, (facts ->> 'number')) where outcome = 'recorded';

-- Revisions that came after a higher one of their invoice: noted with what they said, never booked, never announced.
create table overtaken (
    batch_id bigint not null,
    record_offset bigint not null,
    company_id text not null,
    invoice_id text not null,
    revision int not null check (revision >= 1),
    highest int not null check (highest > revision),
    content bytea not null,
    facts jsonb not null,
    event_id text not null,
    event_time timestamptz not null,
    run_id text,
    runseq int,
    primary key (batch_id, record_offset),
    unique (company_id, invoice_id, event_id)
);

-- What became of each event of a company's run; a parked one may get another outcome later, as its next attempt.
create table outcome (
    company_id text not null,
    run_id text not null,
    runseq int not null,
    attempt smallint not null,
    batch_id bigint not null,
    kind text not null check (kind in ('recorded', 'no_entry', 'archived', 'held', 'parked', 'duplicate', 'overtaken')),
    primary key (company_id, run_id, runseq, attempt)
);
create index on outcome (batch_id);

-- Only locked: whoever counts a run holds its row, whatever partition the run's records came from.
create table run (
    company_id text,
    run_id text,
    primary key (company_id, run_id)
);

-- What collection.finished said: how many events the run has, and what waits.
create table run_marker (
    company_id text not null,
    run_id text not null,
    batch_id bigint not null,
    connection_id text not null,
    kind text not null,
    emitted int not null check (emitted >= 0),
    waiting jsonb not null,
    window_from date not null,
    window_to date not null,
    test_environment boolean not null,
    event_id text not null,
    replay_id text,
    traceparent text,
    primary key (company_id, run_id)
);
create index on run_marker (batch_id);

-- archived counts the overtaken too: both are kept, and nothing of them is booked.
create table run_finished (
    company_id text not null,
    run_id text not null,
    revision int not null,
    batch_id bigint not null,
    collected int not null,
    recorded int not null,
    no_entry int not null,
    archived int not null,
    held int not null,
    parked int not null,
    duplicates int not null,
    primary key (company_id, run_id, revision),
    check (collected = recorded + no_entry + archived + held + parked + duplicates)
);
create index on run_finished (batch_id);

-- Refused records, as they will stand on the parked topic.
create table parked_record (
    batch_id bigint not null,
    record_offset bigint not null,
    topic text not null,
    key bytea,
    value bytea,
    header_names text[] not null,
    header_values bytea[] not null,
    primary key (batch_id, record_offset)
);

-- pid and started = the owner's session, which a successor ends; null = given up in order.
create table kafka_position (
    topic_id text not null,
    partition smallint not null,
    epoch int not null,
    next_offset bigint not null,
    pid int,
    started timestamptz,
    primary key (topic_id, partition),
    check ((pid is null) = (started is null))
) with (fillfactor = 50);

-- The seals: order of a book = order of its commits = order of its announcements.
create table chain (
    book smallint not null,
    seq bigint not null,
    batch_id bigint not null unique,
    digest bytea not null,
    prev bytea not null,
    hash bytea not null,
    primary key (book, seq)
);
create table chain_head (
    book smallint primary key,
    seq bigint not null default 0,
    hash bytea not null default '\x00'
) with (fillfactor = 20);

-- Up to where each book is announced: the last whole batch, and how many messages of the next one.
create table announced (
    book smallint primary key,
    seq bigint not null default 0,
    sent int not null default 0
) with (fillfactor = 20);

insert into chain_head (book) select generate_series(0, 23);
insert into announced (book) select generate_series(0, 23);

reset role;
