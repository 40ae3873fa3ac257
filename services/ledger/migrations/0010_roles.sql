-- Two doors: ledger_consumer keeps the books and announces them, ledger_app acts for people, through functions alone.
-- Neither can do the other's work: a page cannot take a partition or book a record, the consumer cannot validate.

do $$ begin create role ledger_consumer login; exception when duplicate_object or unique_violation then null; end $$;
grant usage on schema ledger to ledger_consumer;
-- What lets take_position() see and end a frozen session of the service; sessions of people it need not reach any more.
grant ledger_consumer to ledger_owner;
revoke ledger_app from ledger_owner;

set local role ledger_owner;
set local search_path = ledger;

revoke insert on batch, entry, invoice, overtaken, outcome, run_marker, parked_record, breaker from ledger_app;
revoke update on announced from ledger_app;
revoke delete on outbox from ledger_app;
revoke execute on function validate_automatically from ledger_app;
revoke execute on function take_position, keep_position, release_position, open_company, open_year from ledger_app;

grant select on company, chart, account, fiscal_year, batch, entry, line, fate, todo, counter, reversal, period_event, invoice, overtaken,
outcome, run, run_marker, run_finished, parked_record, kafka_position, chain, chain_head, announced, breaker, skip, sealed,
paper, settlement, lettering, unlettering, inbox, outbox, outbox_head to ledger_consumer;
grant insert (book, n, topic_id, partition, epoch, from_offset, next_offset) on batch to ledger_consumer;
grant insert (
    entry_id, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, source_key,
    account, auxiliary, cents, vat_rate, currency, currency_cents
) on entry to ledger_consumer;
grant insert on invoice, overtaken, outcome, run_marker, parked_record to ledger_consumer;
grant insert (reason, topic, partition, record_offset, refused, seen) on breaker to ledger_consumer;
grant update (seq, sent) on announced to ledger_consumer;
grant delete on outbox to ledger_consumer;
grant execute on function digest, seal_of, take_position, keep_position, release_position, open_company, open_year,
validate_automatically, automatic_since, standing_of to ledger_consumer;

-- Arrays are plain lists that begin at one; days are days of this millennium and the one before.
alter table entry add constraint entry_arrays_check check (
    (array_ndims(account), array_ndims(auxiliary), array_ndims(cents), array_ndims(vat_rate)) = (1, 1, 1, 1)
    and (array_lower(account, 1), array_lower(auxiliary, 1), array_lower(cents, 1), array_lower(vat_rate, 1)) = (1, 1, 1, 1)
    and coalesce((array_ndims(currency_cents), array_lower(currency_cents, 1)) = (1, 1), true)
);
alter table entry add constraint entry_days_check check (
    entry_date between date '1900-01-01' and date '2999-12-31' and piece_date between date '1900-01-01' and date '2999-12-31'
);
alter table fiscal_year add constraint fiscal_year_fy_check check (fy between 1900 and 2999);

-- What is announced stays announced, and nothing is before it is sealed.
create function keep_announced() returns trigger language plpgsql security definer
set search_path = ledger, pg_temp as $$
begin
    if tg_op <> 'UPDATE' or new.book <> old.book or (new.seq, new.sent) < (old.seq, old.sent) or new.sent < 0
        or new.seq > (select h.seq from chain_head as h where h.book = new.book) then
        raise exception 'announcements only go on, up to the head' using errcode = 'LG003';
    end if;
    return new;
end $$;
create trigger keep_announced before update or delete on announced for each row execute function keep_announced();

-- A company is opened by whoever keeps its book: in another book it would be refused for ever.
create or replace function open_company(p_company text, p_book smallint) returns void
language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
    if not exists (select from kafka_position as k where k.partition = p_book and k.pid = pg_backend_pid()) then
        raise exception 'company %: its book % is not kept here', p_company, p_book using errcode = 'LG003';
    end if;
    insert into company (company_id, book) values (p_company, p_book) on conflict do nothing;
    insert into account (company_id, code, label) select p_company, c.code, c.label from chart as c on conflict do nothing;
end $$;

reset role;
