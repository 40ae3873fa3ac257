-- What Amazon said, what was asked for, what arrived, and what was said about it.
create table run (
    run_id text primary key,
    company_id text not null references company,
    connection_id text not null references connection,
    kind text not null,
    state text not null check (state in ('collecting', 'finished')),
    window_from date not null,
    window_to date not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    emitted integer not null default 0
);

create index run_of_connection on run (connection_id, started_at);

-- How far a run has read the transactions; a page and this row change together.
create table scan (
    run_id text primary key references run,
    next_page_token text,
    pages integer not null default 0,
    rows_read integer not null default 0,
    finished_at timestamptz
);

-- Every version of every transaction, by content. Buyer and payer are in `raw`, which leaves this schema only as charges without people.
create table amazon_transaction (
    connection_id text not null references connection,
    transaction_id text not null,
    version integer not null,
    current boolean not null,
    content_hash text not null,
    raw jsonb not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (connection_id, transaction_id, version)
);

create unique index amazon_transaction_current on amazon_transaction (connection_id, transaction_id) where current;
create index amazon_transaction_content on amazon_transaction using gin (raw jsonb_path_ops);

-- A line of a shipment; shipment '' = not shipped yet. What Amazon answered to its number stands in line_number.
create table order_line (
    connection_id text not null references connection,
    order_id text not null,
    order_line_item_id text not null,
    shipment_id text not null,
    charged boolean not null default false,
    refunded boolean not null default false,
    pending boolean not null default false,
    seen_at timestamptz not null,
    changed_at timestamptz not null,
    asked_at timestamptz,
    primary key (connection_id, order_id, order_line_item_id, shipment_id)
);

create table line_number (
    connection_id text not null,
    order_id text not null,
    order_line_item_id text not null,
    shipment_id text not null,
    number text not null,
    kind text not null check (kind in ('invoice', 'credit_note')),
    issue_date date,
    origin text not null,
    primary key (connection_id, order_id, order_line_item_id, shipment_id, number, kind),
    foreign key (connection_id, order_id, order_line_item_id, shipment_id) references order_line
);

create index line_number_number on line_number (connection_id, number, kind);

-- A report asked for an order. `ready` has a document to download; `fetched`, `nothing`, `failed` and `lost` are ends.
create table report (
    report_id text primary key,
    run_id text not null references run,
    connection_id text not null references connection,
    order_id text not null,
    state text not null check (state in ('asked', 'ready', 'fetched', 'nothing', 'failed', 'lost')),
    polls integer not null default 0,
    asked_at timestamptz not null,
    next_poll_at timestamptz not null,
    report_document_id text,
    payload_sha256 text
);

create index report_open on report (run_id, state, next_poll_at);
create index report_of_order on report (connection_id, order_id, asked_at);

-- A PDF, once per connection whatever number of orders it came for.
create table document (
    connection_id text not null references connection,
    sha256 text not null,
    size_bytes bigint not null,
    object_key text not null,
    number text,
    evidence jsonb not null,
    payload_sha256 text not null,
    received_at timestamptz not null,
    primary key (connection_id, sha256)
);

create index document_number on document (connection_id, number);

create table document_order (
    connection_id text not null,
    sha256 text not null,
    order_id text not null,
    primary key (connection_id, sha256, order_id),
    foreign key (connection_id, sha256) references document
);

create index document_of_order on document_order (connection_id, order_id);

-- An invoice with its id, minted once. `revision` 0 = collected and not yet said; `said` counts the events about it.
create table invoice (
    invoice_id text primary key,
    company_id text not null references company,
    connection_id text not null references connection,
    number text not null,
    kind text not null,
    revision integer not null default 0,
    said integer not null default 0,
    collected jsonb
);

-- The facts last said of an invoice from one PDF: the same again is not news, even when a second PDF bears the same number.
create table invoice_facts (
    invoice_id text not null references invoice,
    sha256 text not null,
    facts_hash text not null,
    primary key (invoice_id, sha256)
);

-- Amazon's own keys of an invoice: they, not what a reader read of the issuer, find it again.
create table invoice_key (
    connection_id text not null references connection,
    order_id text not null,
    number text not null,
    kind text not null,
    invoice_id text not null references invoice,
    primary key (connection_id, order_id, number, kind)
);

create table emission (
    run_id text not null references run,
    runseq integer not null,
    invoice_id text not null references invoice,
    revision integer not null,
    said_at timestamptz not null,
    primary key (run_id, runseq)
);
