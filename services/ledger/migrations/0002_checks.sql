-- What keeps the book right: nothing changes, nothing enters a closed batch, one check per batch at commit, then its seal.
-- Error codes: LG001 another process owns the partition · LG002 what the record says is refused · LG003 what the writer does is refused.

set local role ledger_owner;
set local search_path = ledger;

create function refuse() returns trigger language plpgsql
set search_path = ledger, pg_temp as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'LG003';
end $$;

-- Rows enter only a batch that this transaction opened and that is not sealed yet.
create function guard() returns trigger language plpgsql security definer
set search_path = ledger, pg_temp as $$
declare
    first_batch bigint;
    last_batch bigint;
begin
    if tg_table_name = 'entry' then
        select min(entry_id) >> 20, max(entry_id) >> 20 into first_batch, last_batch from new_rows;
    else
        select min(batch_id), max(batch_id) into first_batch, last_batch from new_rows;
    end if;
    if first_batch is null then
        return null;
    end if;
    if first_batch <> last_batch
        or not exists (select from batch where batch_id = first_batch and xid = pg_current_xact_id())
        or exists (select from chain where batch_id = first_batch) then
        raise exception '% rows outside an open batch of this transaction', tg_table_name using errcode = 'LG003';
    end if;
    return null;
end $$;

-- Amounts in a document's currency: one for each line, on the same side, balanced as well; a paper may have lines that are in euros only.
create function check_currencies(p_batch bigint) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
begin
    perform from entry as e
    cross join lateral (
        select
            count(l.abroad) <> count(*) as partial,
            coalesce(bool_or(sign(l.abroad) <> sign(l.here)), false) as turned,
            coalesce(sum(l.abroad), 0) as gap
        from unnest(e.currency_cents, e.cents) as l (abroad, here)
    ) as c
    where e.entry_id >= p_batch << 20 and e.entry_id < (p_batch + 1) << 20 and e.currency is not null
        and (cardinality(e.currency_cents) <> cardinality(e.cents) or c.turned or c.partial and e.invoice_id is not null
            or not c.partial and c.gap <> 0);
    if found then
        raise exception 'batch %: amounts in a currency that are not those of the lines', p_batch using errcode = 'LG003';
    end if;
end $$;

-- Entries: as many as announced, lines of equal number, at least two, none at zero, balanced.
create function check_entries(p_batch bigint, p_n int) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
    first_id bigint := p_batch << 20;
begin
    select
        count(*) as n,
        max(entry_id) as last_id,
        bool_or(cardinality(account) <> cardinality(cents) or cardinality(auxiliary) <> cardinality(cents)
            or cardinality(vat_rate) <> cardinality(cents)) as uneven,
        bool_or(cardinality(cents) < 2) as short,
        bool_or(0 = any(cents) or array_position(cents, null) is not null) as empty,
        count(currency) as abroad
    into r from entry where entry_id >= first_id and entry_id < (p_batch + 1) << 20;
    if r.n <> p_n or r.last_id <> first_id + r.n - 1 then
        raise exception 'batch %: % entries where % were announced', p_batch, r.n, p_n using errcode = 'LG003';
    end if;
    if r.uneven then raise exception 'batch %: line arrays of unequal length', p_batch using errcode = 'LG003'; end if;
    if r.short then raise exception 'batch %: an entry of fewer than two lines', p_batch using errcode = 'LG003'; end if;
    if r.empty then raise exception 'batch %: a line without amount', p_batch using errcode = 'LG003'; end if;
    perform from (
        select e.entry_id, unnest(e.cents) as cents from entry as e where e.entry_id >= first_id and e.entry_id < (p_batch + 1) << 20
    ) as l group by l.entry_id having sum(l.cents) <> 0;
    if found then raise exception 'batch %: an unbalanced entry', p_batch using errcode = 'LG003'; end if;
    if r.abroad > 0 then
        perform check_currencies(p_batch);
    end if;
end $$;

-- Companies belong to this book; accounts belong to the company and are valid on that day. Few different postings stand in many entries.
create function check_accounts(p_batch bigint, p_book smallint) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    stranger text;
begin
    select i.company_id into stranger from invoice as i
    where i.batch_id = p_batch
        and not exists (select from company as c where c.company_id = i.company_id and c.book = p_book) limit 1;
    if found then
        raise exception 'batch %: company % is not of book %', p_batch, stranger, p_book using errcode = 'LG002';
    end if;
    select u.code into stranger
    from (
        select distinct p.company_id, p.entry_date, l.code
        from (
            select distinct e.company_id, e.entry_date, e.account
            from entry as e where e.entry_id >= p_batch << 20 and e.entry_id < (p_batch + 1) << 20
        ) as p cross join lateral unnest(p.account) as l (code)
    ) as u
    where not exists (
        select from account as a where a.company_id = u.company_id and a.code = u.code and a.valid @> u.entry_date
    ) limit 1;
    if found then
        raise exception 'batch %: no account % in that company''s chart', p_batch, stranger using errcode = 'LG002';
    end if;
end $$;

-- Every entry of the batch was booked by one invoice version of the batch; every other entry named is that invoice's own, and follows none.
create function check_invoices(p_batch bigint, p_n int) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
begin
    select
        count(distinct i.entry_id) filter (where i.booked and i.entry_id >> 20 = p_batch) as brought,
        count(*) filter (where i.booked) as booked,
        coalesce(bool_or(e.entry_id is null
            or e.entry_id >> 20 <> p_batch and exists (select from later_entry as l where l.entry_id = e.entry_id)), false) as foreign_entry
    into r
    from invoice as i left join entry as e
        on e.entry_id = i.entry_id and e.company_id = i.company_id and e.invoice_id = i.invoice_id
    where i.batch_id = p_batch and i.entry_id is not null;
    if r.brought <> p_n or r.booked <> p_n or r.foreign_entry then
        raise exception 'batch %: entries and invoices do not match', p_batch using errcode = 'LG003';
    end if;
end $$;

-- The partition moves on, if it is still ours and stands where the batch says.
create function move_position(b batch) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    update kafka_position set next_offset = b.next_offset
    where topic_id = b.topic_id and partition = b.partition and epoch = b.epoch and next_offset = b.from_offset;
    if not found then
        raise exception 'partition %: epoch % at offset % is not in force', b.partition, b.epoch, b.from_offset
            using errcode = 'LG001';
    end if;
end $$;

-- Runs this batch touched: finished when the marker is there and every event has an outcome; other counts = the next revision.
create function finish_runs(p_batch bigint) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    touched record;
begin
    for touched in
        select o.company_id, o.run_id from outcome as o where o.batch_id = p_batch
        union select m.company_id, m.run_id from run_marker as m where m.batch_id = p_batch order by 1, 2
    loop
        insert into run (company_id, run_id) values (touched.company_id, touched.run_id) on conflict do nothing;
        perform from run where company_id = touched.company_id and run_id = touched.run_id for update;
        insert into run_finished
            (company_id, run_id, revision, batch_id, collected, recorded, no_entry, archived, held, parked, duplicates)
        select m.company_id, m.run_id, coalesce(f.revision, 0) + 1, p_batch,
            c.collected, c.recorded, c.no_entry, c.archived, c.held, c.parked, c.duplicates
        from run_marker as m
        cross join lateral (
            select count(*) as collected,
                count(*) filter (where o.kind = 'recorded') as recorded,
                count(*) filter (where o.kind = 'no_entry') as no_entry,
                count(*) filter (where o.kind in ('archived', 'overtaken')) as archived,
                count(*) filter (where o.kind = 'held') as held,
                count(*) filter (where o.kind = 'parked') as parked,
                count(*) filter (where o.kind = 'duplicate') as duplicates
            from (
                select distinct on (runseq) runseq, kind from outcome
                where company_id = m.company_id and run_id = m.run_id and runseq between 1 and m.emitted
                order by runseq, attempt desc
            ) as o
        ) as c
        left join lateral (
            select * from run_finished as p
            where p.company_id = m.company_id and p.run_id = m.run_id order by p.revision desc limit 1
        ) as f on true
        where m.company_id = touched.company_id and m.run_id = touched.run_id and c.collected = m.emitted
            and (f.recorded, f.no_entry, f.archived, f.held, f.parked, f.duplicates)
                is distinct from (c.recorded, c.no_entry, c.archived, c.held, c.parked, c.duplicates);
    end loop;
end $$;

-- The digest of all rows of a batch. Record output quotes everything; columns are named, so that a new column changes no old digest.
create function digest(p_batch bigint) returns bytea language plpgsql stable
set search_path = ledger, pg_temp set datestyle = 'ISO, YMD' set timezone = 'UTC' set bytea_output = 'hex'
set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    rows_of text[];
begin
    rows_of := array[
        (select row(b.batch_id, b.book, b.kind, b.n, b.topic_id, b.partition, b.epoch, b.from_offset, b.next_offset, b.recorded_at)::text
            from batch as b where b.batch_id = p_batch),
        (select string_agg(row(e.entry_id, e.company_id, e.invoice_id, e.revision, e.journal, e.entry_date, e.piece_ref, e.piece_date,
                e.label, e.source_key, e.account, e.auxiliary, e.cents, e.vat_rate, e.currency, e.currency_cents)::text, E'\n' order by e.entry_id)
            from entry as e where e.entry_id >= p_batch << 20 and e.entry_id < (p_batch + 1) << 20),
        (select string_agg(row(i.record_offset, i.company_id, i.invoice_id, i.version, i.revision, i.outcome, i.hold_stage,
                i.hold_reason, i.hold_sentence, i.hold_action, i.entry_id, i.booked, i.posting, i.content, i.facts, i.event_id, i.event_time, i.run_id,
                i.runseq, i.replay_id, i.traceparent)::text, E'\n' order by i.record_offset)
            from invoice as i where i.batch_id = p_batch),
        (select string_agg(row(v.record_offset, v.company_id, v.invoice_id, v.revision, v.highest, v.content, v.facts, v.event_id,
                v.event_time, v.run_id, v.runseq)::text, E'\n' order by v.record_offset)
            from overtaken as v where v.batch_id = p_batch),
        (select string_agg(row(o.company_id, o.run_id, o.runseq, o.attempt, o.kind)::text, E'\n'
                order by o.company_id, o.run_id, o.runseq, o.attempt)
            from outcome as o where o.batch_id = p_batch),
        (select string_agg(row(m.run_id, m.company_id, m.connection_id, m.kind, m.emitted, m.waiting, m.window_from, m.window_to,
                m.test_environment, m.event_id, m.replay_id, m.traceparent)::text, E'\n' order by m.company_id, m.run_id)
            from run_marker as m where m.batch_id = p_batch),
        (select string_agg(row(f.company_id, f.run_id, f.revision, f.collected, f.recorded, f.no_entry, f.archived, f.held, f.parked,
                f.duplicates)::text, E'\n' order by f.company_id, f.run_id, f.revision)
            from run_finished as f where f.batch_id = p_batch),
        (select string_agg(row(p.record_offset, p.topic, p.key, p.value, p.header_names, p.header_values)::text,
                E'\n' order by p.record_offset)
            from parked_record as p where p.batch_id = p_batch)
    ];
    return sha256(convert_to(array_to_string(rows_of, E'\n\n', ''), 'UTF8'));
end $$;

-- The last lock before the commit: the book's head. So the order of seq is the order of commits.
create function seal(p_batch bigint, p_book smallint) returns void language plpgsql
set search_path = ledger, pg_temp as $$
declare
    rows_digest bytea := digest(p_batch);
    head chain_head;
    sealed bytea;
begin
    select * into head from chain_head where book = p_book for update;
    if not found then
        raise exception 'no book %', p_book using errcode = 'LG003';
    end if;
    sealed := sha256(head.hash || int8send(head.seq + 1) || int8send(p_batch) || rows_digest);
    insert into chain (book, seq, batch_id, digest, prev, hash)
    values (p_book, head.seq + 1, p_batch, rows_digest, head.hash, sealed);
    update chain_head set seq = head.seq + 1, hash = sealed where book = p_book;
end $$;

create function check_batch() returns trigger language plpgsql security definer
set search_path = ledger, pg_temp as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'read committed only' using errcode = 'LG003';
    end if;
    perform check_entries(new.batch_id, new.n);
    perform check_accounts(new.batch_id, new.book);
    perform check_invoices(new.batch_id, new.n);
    insert into todo (company_id, entry_id)
    select e.company_id, e.entry_id from entry as e
    where e.entry_id >= new.batch_id << 20 and e.entry_id < (new.batch_id + 1) << 20;
    perform move_position(new);
    perform finish_runs(new.batch_id);
    perform seal(new.batch_id, new.book);
    return null;
end $$;

create constraint trigger check_batch after insert on batch
deferrable initially deferred for each row execute function check_batch();

do $$
declare
    t text;
begin
    foreach t in array array['entry', 'invoice', 'overtaken', 'outcome', 'run_marker', 'parked_record'] loop
        execute format('create trigger guard after insert on %I referencing new table as new_rows '
            'for each statement execute function guard()', t);
    end loop;
    foreach t in array array['company', 'batch', 'entry', 'fate', 'invoice', 'overtaken', 'outcome', 'run_marker',
        'run_finished', 'parked_record', 'chain'] loop
        execute format('create trigger refuse before update or delete or truncate on %I '
            'for each statement execute function refuse()', t);
    end loop;
end $$;

-- This session owns the partition from now on. A predecessor frozen inside COPY obeys no timeout and blocks its keys: it is ended.
create function take_position(p_topic_id text, p_partition smallint) returns table (epoch int, next_offset bigint)
language plpgsql security definer set search_path = ledger, pg_temp as $$
#variable_conflict use_column
declare
    predecessor int;
begin
    select a.pid into predecessor
    from kafka_position as k join pg_stat_activity as a on a.pid = k.pid and a.backend_start = k.started
    where k.topic_id = p_topic_id and k.partition = p_partition and a.pid <> pg_backend_pid();
    if found and not pg_terminate_backend(predecessor, 5000) then
        raise exception 'partition %: its former owner does not end', p_partition using errcode = 'LG001';
    end if;
    return query
    insert into kafka_position as k (topic_id, partition, epoch, next_offset, pid, started)
    select p_topic_id, p_partition, 1, 0, a.pid, a.backend_start from pg_stat_activity as a where a.pid = pg_backend_pid()
    on conflict (topic_id, partition) do update set epoch = k.epoch + 1, pid = excluded.pid, started = excluded.started
    returning k.epoch, k.next_offset;
end $$;

-- The same owner on a new session: where the partition stands.
create function keep_position(p_topic_id text, p_partition smallint, p_epoch int) returns bigint
language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    stands_at bigint;
begin
    update kafka_position as k set pid = a.pid, started = a.backend_start
    from pg_stat_activity as a
    where a.pid = pg_backend_pid() and k.topic_id = p_topic_id and k.partition = p_partition and k.epoch = p_epoch
    returning k.next_offset into stands_at;
    if not found then
        raise exception 'partition %: epoch % is not in force', p_partition, p_epoch using errcode = 'LG001';
    end if;
    return stands_at;
end $$;

-- The owner gives the partition up in order: its session lives on for its other partitions, and its successor need not end it.
-- Another session registered under this epoch may be frozen and stays registered.
create function release_position(p_topic_id text, p_partition smallint, p_epoch int) returns void
language sql security definer set search_path = ledger, pg_temp as $$
    update kafka_position set pid = null, started = null
    where topic_id = p_topic_id and partition = p_partition and epoch = p_epoch and pid = pg_backend_pid();
$$;

create function open_company(p_company text, p_book smallint) returns void
language sql security definer set search_path = ledger, pg_temp as $$
    insert into company (company_id, book) values (p_company, p_book) on conflict do nothing;
    insert into account (company_id, code, label) select p_company, c.code, c.label from chart as c on conflict do nothing;
$$;

-- A calendar fiscal year, nothing of it closed.
create function open_year(p_company text, p_fy smallint) returns void
language sql security definer set search_path = ledger, pg_temp as $$
    insert into fiscal_year (company_id, fy, starts, ends, closed_through)
    values (p_company, p_fy, make_date(p_fy, 1, 1), make_date(p_fy, 12, 31), make_date(p_fy, 1, 1) - 1) on conflict do nothing;
$$;

revoke execute on all functions in schema ledger from public;
grant execute on function digest, take_position, keep_position, release_position, open_company, open_year to ledger_app;
grant select on company, chart, account, fiscal_year, batch, entry, line, fate, todo, invoice, overtaken, outcome, run, run_marker,
run_finished, parked_record, kafka_position, chain, chain_head, announced to ledger_app;
grant insert (book, n, topic_id, partition, epoch, from_offset, next_offset) on batch to ledger_app;
grant insert on entry, invoice, overtaken, outcome, run_marker, parked_record to ledger_app;
grant update (seq, sent) on announced to ledger_app;

reset role;
