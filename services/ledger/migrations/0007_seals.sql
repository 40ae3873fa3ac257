-- What is sealed is one list: each line a table with columns, and the digest of a batch is written from it. Nothing was deployed under the
-- seals of 0002 and 0005, so their form ends here (decision 0070); a batch that has no row of a line has the digest it had before the line.

set local role ledger_owner;
set local search_path = ledger;

do $$ begin
    if exists (select from chain) or to_regprocedure('ledger.check_currencies(bigint)') is null then
        raise exception 'this book was made before seals had their present form: start with an empty database (achats demo --fresh)';
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

revoke execute on all functions in schema ledger from public;
grant execute on function digest, seal_of to ledger_app;
grant select on sealed to ledger_app, ledger_readonly;

reset role;
