-- name: keep_contact(company_id, version, company_name, file_code, sealed_address)!
-- The contact as described, unless a later version is known.
insert into contact (company_id, version, company_name, file_code, sealed_address)
values (:company_id, :version, :company_name, :file_code, :sealed_address)
on conflict (company_id) do update set
    version = excluded.version,
    company_name = excluded.company_name,
    file_code = excluded.file_code,
    sealed_address = excluded.sealed_address
where contact.version < excluded.version;

-- name: forget_contact(company_id)!
-- The contact's end: its address is gone.
delete from contact where company_id = :company_id;

-- name: reserve(notification_id, kind, about, company_id, facts, occurred_at, caused_by, traceparent)!
-- The one row of a notification; nothing when it is reserved already.
insert into notification (notification_id, kind, about, company_id, facts, occurred_at, caused_by, traceparent)
values (:notification_id, :kind, :about, :company_id, :facts, :occurred_at, :caused_by, :traceparent)
on conflict do nothing;

-- name: take(now, lease_until)^
-- The notification due first whose contact is known, leased until :lease_until. One found « sending » outlived its attempt:
-- the server may have it. A suppressed one is due again when its contact was described anew.
with due as (
    select n.notification_id, c.version, c.company_name, c.file_code, c.sealed_address, c.salt
    from notification as n
    inner join contact as c on n.company_id = c.company_id
    where
        n.state <> 'sent'
        and n.next_attempt_at <= :now
        and (n.state <> 'suppressed' or n.contact_version < c.version)
    order by n.next_attempt_at
    limit 1
    for update of n skip locked
)

update notification as n
set
    state = 'sending',
    attempts = case when n.state = 'suppressed' then 1 else n.attempts + 1 end,
    unclear_attempts = n.unclear_attempts + (n.state = 'sending')::integer,
    next_attempt_at = :lease_until,
    contact_version = due.version
from due
where n.notification_id = due.notification_id
returning
    n.notification_id, n.kind, n.about, n.company_id, n.facts::text, n.occurred_at, n.caused_by, n.traceparent, n.attempts,
    n.next_attempt_at, due.company_name, due.file_code, due.sealed_address, due.salt::text;

-- name: bind(notification_id, leased_until, message_id)!
-- The Message-ID of this attempt, before anything is sent; nothing when the lease was lost. An attempt is known by the end of its
-- lease, which no later one has: its number comes again when attempts begin anew.
update notification
set message_id = :message_id
where notification_id = :notification_id and state = 'sending' and next_attempt_at = :leased_until;

-- name: mark_sent(notification_id, message_id, sent_at)!
-- The server accepted it; nothing when that is known already.
update notification
set state = 'sent', sent_at = :sent_at, message_id = :message_id, reason = null, detail = null
where notification_id = :notification_id and state <> 'sent';

-- name: set_aside(notification_id, leased_until, state, reason, detail, unclear, next_attempt_at)!
-- Not accepted: to be tried again, or suppressed.
update notification
set
    state = :state,
    reason = :reason,
    detail = :detail,
    unclear_attempts = unclear_attempts + :unclear,
    next_attempt_at = :next_attempt_at
where notification_id = :notification_id and state = 'sending' and next_attempt_at = :leased_until;
