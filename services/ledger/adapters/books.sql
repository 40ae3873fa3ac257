-- name: take_position(topic_id, partition)^
-- This session owns the partition from now on: epoch and offset to start at.
select epoch, next_offset from ledger.take_position(:topic_id, :partition);

-- name: keep_position(topic_id, partition, epoch)$
-- The same owner on a new session: the offset the partition stands at.
select ledger.keep_position(:topic_id, :partition, :epoch);

-- name: release_position(topic_id, partition, epoch)$
-- This session gives the partition up in order.
select ledger.release_position(:topic_id, :partition, :epoch);

-- name: standings(companies, invoices)
-- What the book says of these invoices, one row each.
select
    i.company_id,
    i.invoice_id,
    max(i.version) as version,
    max(i.revision) as revision,
    array_agg(i.event_id) as events,
    array_agg(i.revision) as revisions,
    array_agg(i.content) as contents,
    (array_agg(i.entry_id order by i.version desc))[1] as entry_id,
    (array_agg(i.posting order by i.version desc))[1] as posting
from unnest(:companies::text[], :invoices::text[]) as k (company_id, invoice_id)
inner join ledger.invoice as i using (company_id, invoice_id)
group by i.company_id, i.invoice_id;

-- name: first_bearers(companies, hashes)
-- The invoice that first brought each of these PDFs (by SHA-256) into its company's book.
select distinct on (k.company_id, k.sha256) k.company_id, k.sha256, i.invoice_id
from unnest(:companies::text[], :hashes::text[]) as k (company_id, sha256)
inner join ledger.invoice as i on i.company_id = k.company_id and i.facts -> 'document' ->> 'sha256' = k.sha256
order by k.company_id, k.sha256, i.batch_id, i.record_offset;

-- name: fiscal_years(companies)
-- The fiscal years of these companies.
select company_id, starts, ends, closed_through
from ledger.fiscal_year
where company_id = any(:companies::text[])
order by company_id, starts;

-- name: originals(companies, numbers)
-- The invoices and receipts with these numbers whose entry stands, as each is now. A fate cannot have replaced it: the invoice would stand on the other.
select k.company_id, k.number, i.invoice_id, i.facts::text as facts, e.account, e.auxiliary, e.cents, e.vat_rate
from unnest(:companies::text[], :numbers::text[]) as k (company_id, number)
inner join ledger.invoice as i on i.company_id = k.company_id and i.facts ->> 'number' = k.number and i.outcome = 'recorded'
inner join ledger.entry as e on e.entry_id = i.entry_id
where
    i.facts ->> 'type' in ('invoice', 'receipt')
    and not exists (
        select from ledger.invoice as n
        where n.company_id = i.company_id and n.invoice_id = i.invoice_id and n.version > i.version
    )
    and not exists (select from ledger.reversal as r where r.reversed = i.entry_id)
order by k.company_id, k.number, i.invoice_id;

-- name: open_companies(book, companies)
-- Companies the book does not know yet get their chart of accounts.
select ledger.open_company(n.company_id, :book::smallint)
from unnest(:companies::text[]) as n (company_id)
where not exists (select from ledger.company as c where c.company_id = n.company_id);

-- name: open_years(companies, years)
-- Calendar fiscal years that entries of this page need and that do not exist yet.
select ledger.open_year(n.company_id, n.fy)
from unnest(:companies::text[], :years::smallint[]) as n (company_id, fy)
where not exists (select from ledger.fiscal_year as y where y.company_id = n.company_id and y.fy = n.fy);

-- name: open_batch(partition, n, topic_id, epoch, from_offset, next_offset)$
-- A batch of this transaction; everything below belongs to it, and it is checked when the transaction commits.
insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset)
values (:partition, :n, :topic_id, :partition, :epoch, :from_offset, :next_offset)
returning batch_id;

-- name: copy_entries()!
-- New entries.
copy ledger.entry (
    entry_id, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, source_key,
    account, auxiliary, cents, vat_rate, currency, currency_cents
) from stdin;

-- name: copy_following()!
-- Which of the new entries follow which.
copy ledger.later_entry (entry_id, batch_id, principal) from stdin;

-- name: copy_versions()!
-- New versions of invoices.
copy ledger.invoice (
    batch_id, record_offset, company_id, invoice_id, version, revision, outcome, hold_stage, hold_reason, hold_sentence, hold_action,
    entry_id, booked, posting, content, facts, event_id, event_time, run_id, runseq, replay_id, traceparent
) from stdin;

-- name: note_overtaken(batch_id, record_offset, company_id, invoice_id, revision, highest, content, facts, event_id, event_time, run_id, runseq)!
-- A revision that came after a higher one; the same event again is no second note.
insert into ledger.overtaken (
    batch_id, record_offset, company_id, invoice_id, revision, highest, content, facts, event_id, event_time, run_id, runseq
) values (
    :batch_id, :record_offset, :company_id, :invoice_id, :revision, :highest, :content, :facts::jsonb, :event_id, :event_time,
    :run_id, :runseq
) on conflict (company_id, invoice_id, event_id) do nothing;

-- name: note_outcomes(batch_id, companies, runs, seqs, kinds)!
-- One outcome per event of a run: the first stays, except that any other replaces parked, as the next attempt.
-- A row that another transaction wrote in the meantime is waited for and seen by the next execution only.
insert into ledger.outcome (company_id, run_id, runseq, attempt, batch_id, kind)
select n.company_id, n.run_id, n.runseq, coalesce(o.attempt, 0) + 1, :batch_id, n.kind
from unnest(:companies::text[], :runs::text[], :seqs::int[], :kinds::text[]) as n (company_id, run_id, runseq, kind)
left join lateral (
    select p.attempt, p.kind from ledger.outcome as p
    where p.company_id = n.company_id and p.run_id = n.run_id and p.runseq = n.runseq
    order by p.attempt desc limit 1
) as o on true
where o.kind is null or (o.kind = 'parked' and n.kind <> 'parked')
order by n.company_id, n.run_id, n.runseq
on conflict do nothing;

-- name: note_marker(run_id, batch_id, company_id, connection_id, kind, emitted, waiting, window_from, window_to, test_environment, event_id, replay_id, traceparent)!
-- What collection.finished said; the first one of a run stays.
insert into ledger.run_marker (
    run_id, batch_id, company_id, connection_id, kind, emitted, waiting, window_from, window_to, test_environment,
    event_id, replay_id, traceparent
) values (
    :run_id, :batch_id, :company_id, :connection_id, :kind, :emitted, :waiting, :window_from, :window_to, :test_environment,
    :event_id, :replay_id, :traceparent
) on conflict do nothing;

-- name: keep_parked(batch_id, record_offset, topic, key, value, names, values)!
-- A refused record, as it will stand on the parked topic.
insert into ledger.parked_record (batch_id, record_offset, topic, key, value, header_names, header_values)
values (:batch_id, :record_offset, :topic, :key, :value, :names, :values);
