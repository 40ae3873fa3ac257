-- The contacts as last described, and the notifications owed to them.
create table contact (
    company_id text primary key,
    version integer not null,
    company_name text not null,
    file_code text not null,
    sealed_address text not null,
    -- keeps a Message-ID, which is public, from confirming a guessed address
    salt uuid not null default gen_random_uuid()
);

create table notification (
    notification_id text primary key,
    kind text not null,
    about text not null,
    company_id text not null,
    facts jsonb not null,
    occurred_at timestamptz not null,
    caused_by text not null,
    traceparent text,
    state text not null default 'reserved' check (state in ('reserved', 'sending', 'sent', 'suppressed')),
    -- when to try next (at once, to begin with); while sending, when the attempt counts as dead
    next_attempt_at timestamptz not null default 'epoch',
    attempts integer not null default 0,
    -- attempts that the server may have accepted although nobody heard it say so
    unclear_attempts integer not null default 0,
    -- of (notification, recipient), set before the first sending to that recipient
    message_id text unique,
    contact_version integer,
    reason text,
    detail text,
    sent_at timestamptz,
    unique (kind, about),
    check ((state = 'sent') = (sent_at is not null))
);

create index notification_unsent on notification (next_attempt_at) where state <> 'sent';

-- For people: where every notification stands. It holds no address.
create view notification_status as
select
    n.notification_id,
    n.company_id,
    n.kind,
    n.about,
    case when n.state = 'reserved' and c.company_id is null then 'waiting_for_contact' else n.state end as state,
    n.reason,
    n.detail,
    n.attempts,
    n.unclear_attempts,
    n.next_attempt_at,
    n.message_id,
    n.sent_at
from notification as n
left join contact as c on n.company_id = c.company_id;
