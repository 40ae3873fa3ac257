-- The life of an entry: batches that a person opened, fates, numbers, reversals, locked and closed periods; all of it sealed.
-- Kinds of batch: I records of a partition · V validation · C correction or reversal · P period locked, unlocked or closed.

do $$ begin create role ledger_readonly nologin; exception when duplicate_object or unique_violation then null; end $$;
grant usage on schema ledger to ledger_readonly;

set local role ledger_owner;
set local search_path = ledger;

alter table batch add column actor text check (actor ~ '[^[:space:]]' and actor !~ E'[\t\n\r|]');
alter table batch alter column topic_id drop not null;
alter table batch alter column partition drop not null;
alter table batch alter column epoch drop not null;
alter table batch alter column from_offset drop not null;
alter table batch alter column next_offset drop not null;
alter table batch drop constraint batch_kind_check;
alter table batch add constraint batch_kind_check check (kind in ('I', 'V', 'C', 'P'));
alter table batch add constraint batch_origin_check check (
    num_nonnulls(topic_id, partition, epoch, from_offset, next_offset) = case when kind = 'I' then 5 else 0 end
    and (actor is null) = (kind = 'I')
);

alter table fate add constraint fate_by_entry_check check (by_entry > entry_id);
alter table fate add constraint fate_number_check check (number >= 1);
create unique index fate_by_entry_key on fate (by_entry) where by_entry is not null;
create unique index fate_number_key on fate (company_id, journal, fy, number) where number is not null;
create index on fate (batch_id);

-- Numbers without a hole: one row per company, journal and fiscal year, locked last before the head of the book.
create table counter (
    company_id text not null,
    journal text not null,
    fy smallint not null,
    last_no int not null,
    last_on date not null,
    primary key (company_id, journal, fy)
) with (fillfactor = 50);

-- Which entry turns which validated one round; once.
create table reversal (
    entry_id bigint primary key,
    batch_id bigint not null,
    reversed bigint not null unique,
    check (reversed < entry_id)
);
create index on reversal (batch_id);

-- What people did to periods. Locked = the month's last deed is `lock`; closed for good = fiscal_year.closed_through.
create table period_event (
    batch_id bigint primary key,
    company_id text not null,
    deed text not null check (deed in ('lock', 'unlock', 'close')),
    from_day date not null,
    through date not null,
    reason text check (reason ~ '[^[:space:]]'),
    check (through >= from_day),
    check ((reason is null) = (deed = 'close'))
);
create index on period_event (company_id, from_day, batch_id);

do $$
declare
    t text;
begin
    foreach t in array array['fate', 'reversal', 'period_event'] loop
        execute format('create trigger guard after insert on %I referencing new table as new_rows '
            'for each statement execute function guard()', t);
    end loop;
    foreach t in array array['reversal', 'period_event'] loop
        execute format('create trigger refuse before update or delete or truncate on %I '
            'for each statement execute function refuse()', t);
    end loop;
end $$;

-- A fiscal year only closes, and only further.
create function keep_closed() returns trigger language plpgsql
set search_path = ledger, pg_temp as $$
begin
    if tg_op <> 'UPDATE' or (new.company_id, new.fy, new.starts, new.ends) is distinct from (old.company_id, old.fy, old.starts, old.ends)
        or new.closed_through <= old.closed_through then
        raise exception 'a fiscal year only closes further' using errcode = 'LG003';
    end if;
    return new;
end $$;
create trigger keep_closed before update or delete on fiscal_year for each row execute function keep_closed();
create trigger refuse before truncate on fiscal_year for each statement execute function refuse();

-- What a batch says of lives of entries and of periods, as text; null when it says nothing of either.
create function life_of(p_batch bigint) returns text language plpgsql stable
set search_path = ledger, pg_temp set datestyle = 'ISO, YMD' set timezone = 'UTC' set bytea_output = 'hex'
set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    said text[];
begin
    said := array[
        (select row(b.actor)::text from batch as b where b.batch_id = p_batch and b.actor is not null),
        (select string_agg(row(f.entry_id, f.by_entry, f.company_id, f.journal, f.fy, f.number, f.entry_date, f.validated_on)::text,
                E'\n' order by f.entry_id)
            from fate as f where f.batch_id = p_batch),
        (select string_agg(row(r.entry_id, r.reversed)::text, E'\n' order by r.entry_id) from reversal as r where r.batch_id = p_batch),
        (select row(p.company_id, p.deed, p.from_day, p.through, p.reason)::text from period_event as p where p.batch_id = p_batch)
    ];
    return case when array_to_string(said, '') <> '' then array_to_string(said, E'\n\n', '') end;
end $$;

-- A batch that says nothing of lives has the digest it always had.
alter function digest(bigint) rename to records_digest;
create function digest(p_batch bigint) returns bytea language plpgsql stable
set search_path = ledger, pg_temp as $$
declare
    life text := life_of(p_batch);
    records bytea := records_digest(p_batch);
begin
    return case when life is null then records else sha256(records || convert_to(life, 'UTF8')) end;
end $$;

-- The amounts on the other side; null of null.
create function turned(p_cents bigint[]) returns bigint[] language sql immutable
set search_path = ledger, pg_temp as $$
    select array_agg(-l.c order by l.place) from unnest(p_cents) with ordinality as l (c, place);
$$;

-- What a person's batch must be, whatever wrote it: a second look behind the functions that alone may write one.
create function check_deed(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
begin
    select
        count(*) filter (where f.number is not null) as numbered,
        count(*) filter (where f.by_entry is not null) as superseded,
        coalesce(bool_or(o.entry_id is null or c.book is distinct from b.book), false) as strange,
        coalesce(bool_or(f.by_entry is not null and (o.company_id, o.invoice_id, o.journal) is distinct from
            (n.company_id, n.invoice_id, n.journal) and not falls_with(f.entry_id, f.by_entry)
            or f.by_entry >> 20 <> b.batch_id), false) as mismatched
    into r
    from fate as f
    left join entry as o on o.entry_id = f.entry_id
    left join company as c on c.company_id = o.company_id
    left join entry as n on n.entry_id = f.by_entry
    where f.batch_id = b.batch_id;
    if r.strange or r.mismatched
        or b.kind = 'V' and (b.n <> 0 or r.numbered = 0 or r.superseded <> 0)
        or b.kind = 'C' and (b.n = 0 or r.numbered <> (select count(*) from reversal where batch_id = b.batch_id))
        or b.kind = 'P' and (b.n <> 0 or r.numbered + r.superseded <> 0)
        or (b.kind = 'P') <> exists (select from period_event where batch_id = b.batch_id) then
        raise exception 'batch %: not what a batch of its kind is', b.batch_id using errcode = 'LG003';
    end if;
    perform from reversal as v
    left join entry as n on n.entry_id = v.entry_id
    left join entry as o on o.entry_id = v.reversed
    left join fate as f on f.entry_id = v.reversed
    left join fate as g on g.entry_id = v.entry_id
    where v.batch_id = b.batch_id and (
        v.entry_id >> 20 <> b.batch_id or g.batch_id is distinct from b.batch_id or f.number is null
        or (n.company_id, n.invoice_id, n.journal, n.account, n.auxiliary, n.vat_rate)
            is distinct from (o.company_id, o.invoice_id, o.journal, o.account, o.auxiliary, o.vat_rate)
        or n.cents is distinct from turned(o.cents)
        or (n.currency, n.currency_cents) is distinct from (o.currency, turned(o.currency_cents))
        or exists (select from reversal as w where w.entry_id = v.reversed));
    if found then
        raise exception 'batch %: a reversal that is no mirror of a validated entry', b.batch_id using errcode = 'LG003';
    end if;
end $$;

-- How many entries of a batch no invoice of it need have booked: reversals.
create function without_invoice(b batch) returns int language sql stable
set search_path = ledger, pg_temp as $$
    select count(*)::int from reversal as r where r.batch_id = b.batch_id;
$$;

create or replace function check_batch() returns trigger language plpgsql security definer
set search_path = ledger, pg_temp as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'read committed only' using errcode = 'LG003';
    end if;
    perform check_entries(new.batch_id, new.n);
    perform check_accounts(new.batch_id, new.book);
    perform check_invoices(new.batch_id, new.n - without_invoice(new) - check_following(new));
    if new.kind <> 'I' then
        perform check_deed(new);
    end if;
    insert into todo (company_id, entry_id)
    select e.company_id, e.entry_id from entry as e
    where e.entry_id >= new.batch_id << 20 and e.entry_id < (new.batch_id + 1) << 20
        and not exists (select from reversal as r where r.entry_id = e.entry_id);
    if new.kind = 'I' then
        perform move_position(new);
        perform finish_runs(new.batch_id);
    end if;
    perform seal(new.batch_id, new.book);
    return null;
end $$;

reset role;
