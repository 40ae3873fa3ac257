-- Suppliers: one record per company and auxiliary, with each identity its documents showed; other names a person said; who became whom.
-- Nothing that is booked moves: a merger says where documents are booked from then on. LG004 = the writer did not know of a merger yet.

set local role ledger_owner;
set local search_path = ledger;

-- A name and numbers in one, short enough for an index.
create function identity_of(p_name text, p_legal_name text, p_vat_id text, p_siren text) returns text language sql immutable
set search_path = ledger, pg_temp as $$
    select md5(p_name || E'\n' || coalesce(p_legal_name, '') || E'\n' || coalesce(p_vat_id, '') || E'\n' || coalesce(p_siren, ''));
$$;

-- A version is a name with its numbers that no document of this supplier had shown before. `name` = as the books call it.
create table supplier (
    batch_id bigint not null,
    company_id text not null,
    auxiliary text not null check (auxiliary ~ '^[A-Z0-9_-]{1,17}$'),
    version int not null check (version >= 1),
    name text not null,
    legal_name text,
    vat_id text,
    siren text,
    identity text not null generated always as (identity_of(name, legal_name, vat_id, siren)) stored,
    primary key (company_id, auxiliary, version),
    unique (company_id, identity, auxiliary)
);
create index on supplier (batch_id);

-- What a person said the supplier goes by too: the code of one that became it, a name, a number.
create table supplier_alias (
    batch_id bigint not null,
    company_id text not null,
    auxiliary text not null check (auxiliary ~ '^[A-Z0-9_-]{1,17}$'),
    kind text not null check (kind in ('auxiliary', 'legal_name', 'vat_id', 'siren')),
    value text not null check (value <> ''),
    primary key (company_id, auxiliary, kind, value)
);
create index on supplier_alias (batch_id);

-- From then on documents of `auxiliary` belong to `into_auxiliary`. Of several mergers of one auxiliary the last holds.
create table supplier_merger (
    batch_id bigint not null,
    record_offset bigint not null,
    company_id text not null,
    decision_id text not null,
    auxiliary text not null check (auxiliary ~ '^[A-Z0-9_-]{1,17}$'),
    into_auxiliary text not null check (into_auxiliary ~ '^[A-Z0-9_-]{1,17}$' and into_auxiliary <> auxiliary),
    decided_by text not null,
    decided_at timestamptz not null,
    event_id text not null,
    primary key (company_id, decision_id)
);
create index on supplier_merger (company_id, auxiliary);
create index on supplier_merger (batch_id);

do $$
declare
    t text;
begin
    foreach t in array array['supplier', 'supplier_alias', 'supplier_merger'] loop
        execute format('create trigger guard after insert on %I referencing new table as new_rows '
            'for each statement execute function guard()', t);
        execute format('create trigger refuse before update or delete or truncate on %I '
            'for each statement execute function refuse()', t);
        perform seal_also(t);
    end loop;
end $$;

-- Each auxiliary that became another one, as the book knew it at that instant, with the supplier it belongs to in the end.
create function survivors(p_company text, p_as_of timestamptz) returns table (auxiliary text, supplier text) language sql stable
set search_path = ledger, pg_temp as $$
    with recursive held as materialized (
        select distinct on (m.auxiliary) m.auxiliary, m.into_auxiliary
        from supplier_merger as m inner join batch as b on b.batch_id = m.batch_id
        where m.company_id = p_company and b.recorded_at <= p_as_of
        order by m.auxiliary, m.batch_id desc, m.record_offset desc
    ),

    reached as (
        select h.auxiliary, h.into_auxiliary as supplier from held as h
        union
        select r.auxiliary, h.into_auxiliary as supplier from reached as r inner join held as h on h.auxiliary = r.supplier
    )

    select r.auxiliary, r.supplier from reached as r
    where not exists (select from held as h where h.auxiliary = r.supplier);
$$;

-- Mergers are of companies of this book and make no circle: what goes round belongs to nobody in the end.
create function check_mergers(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
begin
    select m.company_id, m.auxiliary into r from supplier_merger as m
    where m.batch_id = b.batch_id and (
        not exists (select from company as c where c.company_id = m.company_id and c.book = b.book)
        or not exists (select from survivors(m.company_id, 'infinity') as s where s.auxiliary = m.auxiliary)) limit 1;
    if found then
        raise exception 'batch %: no merger of % in company %', b.batch_id, r.auxiliary, r.company_id using errcode = 'LG002';
    end if;
end $$;

-- No document is booked on an auxiliary that became another one. The head of the book is locked: no merger is sealed meanwhile.
create function check_survivors(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    merged text;
begin
    select m.auxiliary into merged
    from (select distinct i.company_id from invoice as i where i.batch_id = b.batch_id) as u
    inner join supplier_merger as m on m.company_id = u.company_id and m.batch_id <> b.batch_id
    where exists (
        select from entry as e
        where e.entry_id >= b.batch_id << 20 and e.entry_id < (b.batch_id + 1) << 20
            and e.company_id = m.company_id and m.auxiliary = any(e.auxiliary)
    ) limit 1;
    if found then
        raise exception 'batch %: supplier % became another one', b.batch_id, merged using errcode = 'LG004';
    end if;
end $$;

-- After the check of the batch, by its name: the batch is sealed, and stands or falls with this.
create function check_suppliers() returns trigger language plpgsql security definer
set search_path = ledger, pg_temp as $$
begin
    if new.kind = 'I' then
        perform check_mergers(new);
        perform check_survivors(new);
    elsif exists (select from supplier as s where s.batch_id = new.batch_id)
        or exists (select from supplier_alias as a where a.batch_id = new.batch_id)
        or exists (select from supplier_merger as m where m.batch_id = new.batch_id) then
        raise exception 'batch %: suppliers in a batch of a person', new.batch_id using errcode = 'LG003';
    end if;
    return null;
end $$;
create constraint trigger check_suppliers after insert on batch
deferrable initially deferred for each row execute function check_suppliers();

revoke execute on all functions in schema ledger from public;
grant execute on function survivors to ledger_app, ledger_consumer, ledger_readonly;
grant execute on function identity_of to ledger_consumer;
grant select on supplier, supplier_alias, supplier_merger to ledger_app, ledger_consumer, ledger_readonly;
grant insert (batch_id, company_id, auxiliary, version, name, legal_name, vat_id, siren) on supplier to ledger_consumer;
grant insert on supplier_alias, supplier_merger to ledger_consumer;

reset role;
