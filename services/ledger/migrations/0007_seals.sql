-- What is sealed is one list: each line a table with columns, and the digest of a batch is written from it. Nothing was deployed under the
-- seals of 0002 and 0005, so their form ends here (decision 0070); a batch that has no row of a line has the digest it had before the line.

set local role ledger_owner;
set local search_path = ledger;

do $$ begin
    if exists (select from chain) then
        raise exception 'this book was sealed before seals had their present form: start with an empty database (achats demo --fresh)';
    end if;
end $$;

-- A line is never changed: whoever adds a table, or columns to one, calls seal_also(table). keys = primary key and batch; adds = the table
-- has a line already, so a row counts here only if it says something in these columns.
create table sealed (
    place smallint primary key,
    name text not null,
    keys text[] not null,
    columns text[] not null,
    adds boolean not null
);

-- marks: four bytes of each row, so that verify can name the one that differs; they are part of the link's hash.
alter table chain add column marks bytea not null;
alter table chain alter column marks set storage external;

-- One line of the list as a query over the rows of batch p_batch. A row's bytes are those of record_send: types, lengths and values, no date
-- style, no separator, nothing that a value could imitate. Rows go in the order of their bytes, which no collation changes.
create function sealing_of(p_line sealed) returns text language sql stable
set search_path = ledger, pg_temp as $$
    select format(
        'select %1$s as place, int2send(%1$s::smallint) || int4send(count(*)::int) as head, sha256(string_agg(r.said, '''' order by r.said)) as said, '
        || 'string_agg(substr(int8send(crc32c(r.said)), 5), '''' order by r.said) as marks '
        || 'from (select record_send(row(%2$s)) as said from ledger.%3$I as t where %4$s%5$s offset 0) as r having count(*) > 0',
        p_line.place,
        (select string_agg(format('t.%I', c.name), ', ' order by c.n)
            from unnest(p_line.keys || p_line.columns) with ordinality as c (name, n)),
        p_line.name,
        case when 'batch_id' = any(p_line.keys) then 't.batch_id = p_batch'
            else 't.entry_id >= p_batch << 20 and t.entry_id < (p_batch + 1) << 20' end,
        case when p_line.adds then (select format(' and num_nonnulls(%s) > 0', string_agg(format('t.%I', c.name), ', '))
            from unnest(p_line.columns) as c (name)) end
    );
$$;

-- Everything of that table that no line seals yet is sealed from now on, and the function that seals is written anew. For migrations.
create function seal_also(p_name text) returns void language plpgsql
set search_path = ledger, pg_temp as $body$
declare
    of_table regclass := format('ledger.%I', p_name)::regclass;
begin
    insert into sealed (place, name, keys, columns, adds)
    select
        (select coalesce(max(s.place), 0) + 1 from sealed as s),
        p_name,
        array_agg(a.attname order by a.attnum) filter (where k.is_key),
        coalesce(array_agg(a.attname order by a.attnum) filter (where not k.is_key and not k.is_sealed), '{}'),
        bool_or(k.is_sealed)
    from pg_attribute as a
    cross join lateral (
        select
            a.attname = 'batch_id'
            or exists (select from pg_index as i where i.indrelid = of_table and i.indisprimary and a.attnum = any(i.indkey)) as is_key,
            exists (select from sealed as s where s.name = p_name and a.attname = any(s.keys || s.columns)) as is_sealed
    ) as k
    where a.attrelid = of_table and a.attnum > 0 and not a.attisdropped
    having not bool_or(k.is_sealed) or bool_or(not k.is_sealed);
    execute format(
        $write$
        create or replace function ledger.seal_of(p_batch bigint, out digest bytea, out marks bytea) language plpgsql stable
        set search_path = ledger, pg_temp set client_encoding = 'UTF8' set enable_seqscan = off set jit = off
        set max_parallel_workers_per_gather = 0 set plan_cache_mode = force_generic_plan as $$
        begin
            select sha256(string_agg(l.head || l.said, '' order by l.place)), string_agg(l.head || l.marks, '' order by l.place)
            into digest, marks from (%s) as l;
        end $$
        $write$,
        (select string_agg(sealing_of(s), ' union all ' order by s.place) from sealed as s)
    );
end $body$;

do $$
declare
    t text;
begin
    foreach t in array array['batch', 'entry', 'invoice', 'overtaken', 'outcome', 'run_marker', 'run_finished', 'parked_record', 'fate',
        'reversal', 'period_event'] loop
        perform seal_also(t);
    end loop;
end $$;

create or replace function digest(p_batch bigint) returns bytea language sql stable
set search_path = ledger, pg_temp as $$
    select s.digest from seal_of(p_batch) as s;
$$;
drop function records_digest;
drop function life_of;

-- The last lock before the commit: the book's head. So the order of seq is the order of commits.
create or replace function seal(p_batch bigint, p_book smallint) returns void language plpgsql
set search_path = ledger, pg_temp as $$
declare
    rows_seal record := seal_of(p_batch);
    head chain_head;
    link bytea;
begin
    select * into head from chain_head where book = p_book for update;
    if not found then
        raise exception 'no book %', p_book using errcode = 'LG003';
    end if;
    link := sha256(head.hash || int8send(head.seq + 1) || int8send(p_batch) || rows_seal.digest || rows_seal.marks);
    insert into chain (book, seq, batch_id, digest, marks, prev, hash)
    values (p_book, head.seq + 1, p_batch, rows_seal.digest, rows_seal.marks, head.hash, link);
    update chain_head set seq = head.seq + 1, hash = link where book = p_book;
end $$;

-- Entries: as many as announced, lines of equal number, at least two, none at zero, balanced.
create or replace function check_entries(p_batch bigint, p_n int) returns void language plpgsql
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
        bool_or(0 = any(cents) or array_position(cents, null) is not null) as empty
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
end $$;

-- Companies belong to this book; accounts belong to the company and are valid on that day. Few different postings stand in many entries.
create or replace function check_accounts(p_batch bigint, p_book smallint) returns void language plpgsql
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

-- Entries of that company, sealed: each entry is looked at, and each batch once.
create or replace function refuse_strange(p_company text, p_entries bigint[]) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    strange record;
begin
    if p_company is null or not exists (select from company where company_id = p_company) then
        perform refuse_deed('LG011', 'no such company', p_company);
    end if;
    select a.id into strange from (
        select min(u.id) as id, u.id >> 20 as batch_id from unnest(p_entries) as u (id) group by u.id >> 20
    ) as a where not exists (select from chain as c where c.batch_id = a.batch_id) limit 1;
    if found then
        perform refuse_deed('LG012', 'no such entry', strange.id::text);
    end if;
    if (select count(*) from entry as e where e.entry_id = any(p_entries) and e.company_id = p_company) = cardinality(p_entries) then
        return;
    end if;
    select a.id, e.company_id into strange
    from unnest(p_entries) as a (id) left join entry as e on e.entry_id = a.id
    where e.company_id is distinct from p_company limit 1;
    if found then
        perform refuse_deed(case when strange.company_id is null then 'LG012' else 'LG013' end,
            case when strange.company_id is null then 'no such entry' else 'an entry of another company' end, strange.id::text);
    end if;
end $$;

-- Fates with numbers. Whoever closes or locks a period waits for us, or we for him; the counter is locked last. Where each entry goes is
-- asked once, whether a month is locked once for each month.
create or replace function number_entries(p_company text, p_journal text, p_entries bigint[], p_batch bigint) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
    c counter;
    today date := (clock_timestamp() at time zone 'Europe/Paris')::date;
    ids bigint[];
    years smallint[];
    days date[];
begin
    perform from fiscal_year where company_id = p_company order by fy for share;
    select array_agg(p.entry_id order by p.day, p.entry_id), array_agg(p.fy order by p.day, p.entry_id),
        array_agg(p.day order by p.day, p.entry_id)
    into ids, years, days from placed(p_company, p_entries) as p;
    select m.entry_id, m.fy, m.month into r
    from (
        select min(p.entry_id) as entry_id, p.fy, to_char(p.day, 'YYYY-MM') as month, min(p.day) as day
        from unnest(ids, years, days) as p (entry_id, fy, day) group by p.fy, to_char(p.day, 'YYYY-MM')
    ) as m where m.fy is null or is_locked(p_company, m.day) order by m.entry_id limit 1;
    if found and r.fy is null then
        perform refuse_deed('LG017', 'no fiscal year is open for it', r.entry_id::text);
    elsif found then
        perform refuse_deed('LG018', 'its month is locked', r.month);
    end if;
    for r in select y.fy, count(*)::int as n from unnest(years) as y (fy) group by y.fy order by y.fy loop
        insert into counter as k values (p_company, p_journal, r.fy, r.n, today)
        on conflict (company_id, journal, fy) do update set last_no = k.last_no + r.n, last_on = greatest(k.last_on, today)
        returning * into c;
        insert into fate (entry_id, batch_id, company_id, journal, fy, number, entry_date, validated_on)
        select p.entry_id, p_batch, p_company, p_journal, p.fy,
            c.last_no - r.n + row_number() over (order by p.day, p.entry_id), p.day, c.last_on
        from unnest(ids, years, days) as p (entry_id, fy, day) where p.fy = r.fy;
    end loop;
exception when unique_violation then
    perform refuse_fated(p_entries);
    raise;
end $$;

revoke execute on all functions in schema ledger from public;
grant execute on function digest, seal_of to ledger_app;
grant select on sealed to ledger_app, ledger_readonly;

reset role;
