-- name: books_with_news()
-- The books that have sealed batches nobody announced yet.
select h.book
from ledger.chain_head as h
inner join ledger.announced as a using (book)
where h.seq > a.seq
order by h.book;

-- name: lock_book(book)$
-- True for the one relay that may announce this book now; free again at the end of its transaction.
select pg_try_advisory_xact_lock(hashtext('ledger.announced'), :book);

-- name: place(book)^
-- Up to where the book is announced (whole batches, then messages of the next one), and up to where it is sealed.
select a.seq, a.sent, h.seq as sealed
from ledger.announced as a
inner join ledger.chain_head as h using (book)
where a.book = :book;

-- name: link(book, seq)^
-- A batch of the book, and whether its rows and the links around it are what was sealed.
select
    c.batch_id,
    b.recorded_at,
    c.digest = ledger.digest(c.batch_id)
    and c.prev = case when c.seq = 1 then '\x00'::bytea else p.hash end
    and c.hash = sha256(c.prev || int8send(c.seq) || int8send(c.batch_id) || c.digest || c.marks) as sound
from ledger.chain as c
inner join ledger.batch as b using (batch_id)
left join ledger.chain as p on p.book = c.book and p.seq = c.seq - 1
where c.book = :book and c.seq = :seq;

-- name: versions(batch_id)
-- record_class: VersionRow
-- The batch's versions of invoices with the entries that stand for them.
select
    i.record_offset, i.company_id, i.invoice_id, i.version, i.revision, i.outcome,
    i.hold_stage, i.hold_reason, i.hold_sentence, i.hold_action, i.booked, i.facts::text as facts,
    i.event_id, i.run_id, i.runseq, i.replay_id, i.traceparent,
    e.entry_id, e.journal, e.entry_date, e.piece_ref, e.piece_date, e.label, e.account, e.auxiliary, e.cents, e.vat_rate, e.currency_cents
from ledger.invoice as i
left join ledger.entry as e using (entry_id)
where i.batch_id = :batch_id
order by i.record_offset;

-- name: following(batch_id)
-- record_class: VersionRow
-- The batch's entries that follow another, each with the version that booked both.
select
    i.record_offset, i.company_id, i.invoice_id, i.version, i.revision, i.outcome,
    i.hold_stage, i.hold_reason, i.hold_sentence, i.hold_action, i.booked, i.facts::text as facts,
    i.event_id, i.run_id, i.runseq, i.replay_id, i.traceparent,
    e.entry_id, e.journal, e.entry_date, e.piece_ref, e.piece_date, e.label, e.account, e.auxiliary, e.cents, e.vat_rate, e.currency_cents,
    0 as fates, null as life, l.principal as follows
from ledger.later_entry as l
inner join ledger.entry as e on e.entry_id = l.entry_id
inner join ledger.invoice as i on i.batch_id = l.batch_id and i.entry_id = l.principal and i.booked
where l.batch_id = :batch_id
order by l.entry_id;

-- name: standings(batch_id)
-- What had become by then of the entries behind the batch's later versions of invoices; a first version has no past.
select i.record_offset, s.fates, s.life
from ledger.invoice as i
inner join ledger.chain as c on c.batch_id = i.batch_id
cross join lateral ledger.standing_of(i.company_id, i.invoice_id, i.entry_id, c.seq) as s
where i.batch_id = :batch_id and i.version > 1;

-- name: lives(batch_id)
-- record_class: VersionRow
-- The invoices of which the batch numbered an entry or its mirror without a new version of them: each as it stood then. A view is of the
-- entry that stands for the invoice: what becomes of the one that follows it changes none.
with touched as (
    select distinct e.company_id, e.invoice_id
    from ledger.fate as f
    inner join ledger.entry as e using (entry_id)
    left join ledger.reversal as r using (entry_id)
    where
        f.batch_id = :batch_id and f.number is not null
        and not exists (
            select from ledger.invoice as w
            where w.batch_id = :batch_id and w.company_id = e.company_id and w.invoice_id = e.invoice_id
        )
        and not exists (select from ledger.later_entry as l where l.entry_id = coalesce(r.reversed, f.entry_id))
),

place as (
    select c.seq from ledger.chain as c
    where c.batch_id = :batch_id
)

select
    i.record_offset, i.company_id, i.invoice_id, i.version, i.revision, i.outcome,
    i.hold_stage, i.hold_reason, i.hold_sentence, i.hold_action, false as booked, i.facts::text as facts,
    i.event_id, null as run_id, null as runseq, null as replay_id, null as traceparent,
    e.entry_id, e.journal, e.entry_date, e.piece_ref, e.piece_date, e.label, e.account, e.auxiliary, e.cents, e.vat_rate, e.currency_cents,
    s.fates, s.life
from touched as t
cross join place as p
inner join lateral (
    select w.* from ledger.invoice as w
    inner join ledger.chain as c on c.batch_id = w.batch_id
    where w.company_id = t.company_id and w.invoice_id = t.invoice_id and c.seq < p.seq
    order by w.version desc limit 1
) as i on true
left join ledger.entry as e on e.entry_id = i.entry_id
cross join lateral ledger.standing_of(i.company_id, i.invoice_id, i.entry_id, p.seq) as s
order by i.company_id, i.invoice_id;

-- name: fates(batch_id)
-- record_class: FateRow
-- The fates of the batch: where it came from is what the version says that booked the entry (for a reversal: the one it turns round; for
-- one that follows another: that other).
select
    f.entry_id, e.company_id, i.facts ->> 'connection_id' as connection_id, e.invoice_id,
    (i.facts ->> 'test_environment')::boolean as test_environment,
    f.by_entry, r.reversed, e.journal, f.fy, f.number, f.entry_date, f.validated_on,
    e.piece_ref, e.piece_date, e.label, e.vat_rate, e.account, e.auxiliary, e.cents, e.currency, e.currency_cents
from ledger.fate as f
inner join ledger.entry as e using (entry_id)
left join ledger.reversal as r using (entry_id)
left join ledger.later_entry as l on l.entry_id = coalesce(r.reversed, f.entry_id)
inner join ledger.invoice as i
    on
        i.company_id = e.company_id and i.invoice_id = e.invoice_id
        and i.booked and i.entry_id = coalesce(l.principal, r.reversed, f.entry_id)
where f.batch_id = :batch_id
order by f.fy, f.number, f.entry_id;

-- name: parked(batch_id)
-- The batch's refused records.
select record_offset, topic, key, value, header_names, header_values
from ledger.parked_record
where batch_id = :batch_id
order by record_offset;

-- name: finished_runs(batch_id)
-- record_class: FinishedRow
-- The runs that this batch finished, or whose counts it changed.
select
    f.run_id, f.revision, f.collected, f.recorded, f.no_entry, f.archived, f.held, f.parked, f.duplicates,
    m.company_id, m.connection_id, m.kind, m.waiting::text as waiting, m.window_from, m.window_to,
    m.test_environment, m.event_id, m.replay_id, m.traceparent
from ledger.run_finished as f
inner join ledger.run_marker as m using (company_id, run_id)
where f.batch_id = :batch_id
order by f.company_id, f.run_id, f.revision;

-- name: mark(seq, sent, book)!
-- Everything up to here is acknowledged.
update ledger.announced set seq = :seq, sent = :sent where book = :book;
