-- What is wanted of Amazon and when it is asked for again, what waits and why, and what scans tell of Amazon's date filter.
-- depends: 0002_collection

alter table scan add column rows_outside integer not null default 0;

-- `dated_on` = the earlier of its days. `missed` = weekly scans in a row that did not show it; flagged from the second on, never deleted.
alter table amazon_transaction add column dated_on date;
alter table amazon_transaction add column missed integer not null default 0;
alter table amazon_transaction add column missed_since timestamptz;

-- `moved_at` = when goods or money last moved on it; `ask_at` = when its number is asked for again if it is missing.
alter table order_line add column moved_at timestamptz;
alter table order_line add column ask_at timestamptz;
update order_line set moved_at = seen_at, ask_at = now();
create index order_line_ask on order_line (connection_id, ask_at);

alter table line_number add column consolidated boolean not null default false;

-- A report is for an order, or for a consolidated number (order_id '').
alter table report add column number text not null default '';
create index report_open_of_connection on report (connection_id, state, next_poll_at);
create index report_wanted on report (connection_id, order_id, number) where state in ('asked', 'ready');

-- The documents of an order (number ''), or of a consolidated number (order_id ''), and how far their retry ladder is.
-- next_attempt_at null = nothing to ask for until something happens; `touched_at` = when anything about it last came in.
create table wanted (
    connection_id text not null references connection,
    order_id text not null,
    number text not null,
    moved_at timestamptz not null,
    failures integer not null default 0,
    trouble text,
    next_attempt_at timestamptz,
    touched_at timestamptz not null,
    primary key (connection_id, order_id, number)
);

create index wanted_due on wanted (connection_id, next_attempt_at);

insert into wanted (connection_id, order_id, number, moved_at, next_attempt_at, touched_at)
select
    l.connection_id,
    l.order_id,
    '',
    max(l.moved_at),
    case
        when not exists (select from document_order as o where o.connection_id = l.connection_id and o.order_id = l.order_id) then now()
    end,
    max(l.seen_at)
from order_line as l
group by l.connection_id, l.order_id;

-- What of an order waits: number '' = not known. `place` tells apart what has no number.
create table waiting (
    connection_id text not null references connection,
    order_id text not null,
    place integer not null,
    number text not null,
    reason text not null,
    since timestamptz not null,
    next_attempt_at timestamptz,
    primary key (connection_id, order_id, place)
);

create index emission_said on emission (run_id, said_at);
create index run_of_company on run (company_id, finished_at);
