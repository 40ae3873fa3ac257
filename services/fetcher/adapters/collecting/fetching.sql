-- name: put_report(report_id, run_id, connection_id, order_id, number, state, polls, asked_at, next_poll_at, report_document_id)*!
-- A report as it stands now.
insert into report (report_id, run_id, connection_id, order_id, number, state, polls, asked_at, next_poll_at, report_document_id)
values (:report_id, :run_id, :connection_id, :order_id, :number, :state, :polls, :asked_at, :next_poll_at, :report_document_id)
on conflict (report_id) do update set
    state = excluded.state,
    polls = excluded.polls,
    next_poll_at = excluded.next_poll_at,
    report_document_id = excluded.report_document_id;

-- name: next_reports(connection_id, state, limit)
-- The connection's reports of that state whose turns come first.
select report_id, order_id, number, state, polls, asked_at, next_poll_at, report_document_id
from report
where connection_id = :connection_id and state = :state
order by next_poll_at, report_id
limit :limit;

-- name: put_payload(payload_sha256, report_id)*!
-- The hash of what a report brought.
update report set payload_sha256 = :payload_sha256 where report_id = :report_id;

-- name: put_document(connection_id, sha256, size_bytes, object_key, number, evidence, payload_sha256, now)*!
-- A PDF, unless it is known.
insert into document (connection_id, sha256, size_bytes, object_key, number, evidence, payload_sha256, received_at)
values (:connection_id, :sha256, :size_bytes, :object_key, :number, :evidence::jsonb, :payload_sha256, :now)
on conflict do nothing;

-- name: number_document(number, connection_id, sha256)*!
-- The number a PDF bears, as settled.
update document set number = :number where connection_id = :connection_id and sha256 = :sha256 and number is distinct from :number;

-- name: claim_document(number, connection_id, sha256, orders)*!
-- The PDF that came for a number by itself has it, unless it has one, or came for other orders than those of the number.
update document as d
set number = :number
where
    d.connection_id = :connection_id
    and d.sha256 = :sha256
    and d.number is null
    and not exists (
        select from document_order as o
        where o.connection_id = d.connection_id and o.sha256 = d.sha256 and o.order_id <> all(:orders::text[])
    );

-- name: put_document_order(connection_id, sha256, order_id)*!
-- The PDF came for this order.
insert into document_order (connection_id, sha256, order_id) values (:connection_id, :sha256, :order_id) on conflict do nothing;
