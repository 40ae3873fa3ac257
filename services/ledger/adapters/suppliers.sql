-- name: mergers(companies)
-- The mergers of these companies in their order: of several of one auxiliary the last holds.
select m.company_id, m.auxiliary, m.into_auxiliary, m.decision_id
from ledger.supplier_merger as m
where m.company_id = any(:companies::text[])
order by m.company_id, m.batch_id, m.record_offset;

-- name: known(companies, auxiliaries)
-- Those of these suppliers that documents showed, a person named, or papers are of.
select n.company_id, n.auxiliary
from unnest(:companies::text[], :auxiliaries::text[]) as n (company_id, auxiliary)
where
    exists (select from ledger.supplier as s where s.company_id = n.company_id and s.auxiliary = n.auxiliary)
    or exists (select from ledger.supplier_alias as a where a.company_id = n.company_id and a.auxiliary = n.auxiliary)
    or exists (select from ledger.paper as p where p.company_id = n.company_id and p.facts ->> 'supplier' = n.auxiliary);

-- name: note_suppliers(batch_id, companies, auxiliaries, names, legal_names, vat_ids, sirens)!
-- A version for each identity that no document of the supplier had shown, nor of those that became it; a first one it always gets.
with shown as materialized (
    select
        n.company_id, n.auxiliary, n.name, n.legal_name, n.vat_id, n.siren, n.place,
        ledger.identity_of(n.name, n.legal_name, n.vat_id, n.siren) as identity
    from
        unnest(:companies::text[], :auxiliaries::text[], :names::text[], :legal_names::text[], :vat_ids::text[], :sirens::text[])
        with ordinality as n (company_id, auxiliary, name, legal_name, vat_id, siren, place)
),

merged as materialized (
    select c.company_id, s.auxiliary, s.supplier
    from (select distinct n.company_id from shown as n) as c
    cross join lateral ledger.survivors(c.company_id, 'infinity') as s
    where exists (select from ledger.supplier_merger as m where m.company_id = c.company_id)
),

known as (
    select n.company_id, n.auxiliary, coalesce(max(s.version), 0) as version
    from (select distinct n.company_id, n.auxiliary from shown as n) as n
    left join ledger.supplier as s on s.company_id = n.company_id and s.auxiliary = n.auxiliary
    group by n.company_id, n.auxiliary
)

insert into ledger.supplier (batch_id, company_id, auxiliary, version, name, legal_name, vat_id, siren)
select
    :batch_id, n.company_id, n.auxiliary, k.version + row_number() over (partition by n.company_id, n.auxiliary order by n.place),
    n.name, n.legal_name, n.vat_id, n.siren
from shown as n
inner join known as k using (company_id, auxiliary)
where
    not exists (
        select from ledger.supplier as s
        where s.company_id = n.company_id and s.identity = n.identity and s.auxiliary = n.auxiliary
    )
    and (k.version = 0 or not exists (
        select from ledger.supplier as s
        inner join merged as m on m.company_id = s.company_id and m.auxiliary = s.auxiliary and m.supplier = n.auxiliary
        where s.company_id = n.company_id and s.identity = n.identity
    ));

-- name: note_merger(batch_id, record_offset, company_id, decision_id, auxiliary, into, by, decided_at, event_id)!
-- From now on documents of the auxiliary are booked on the other.
insert into ledger.supplier_merger (
    batch_id, record_offset, company_id, decision_id, auxiliary, into_auxiliary, decided_by, decided_at, event_id
) values (:batch_id, :record_offset, :company_id, :decision_id, :auxiliary, :into, :by, :decided_at, :event_id);

-- name: note_aliases(batch_id, company_id, auxiliary, kinds, values)!
-- What the supplier goes by too; what the book has it has.
insert into ledger.supplier_alias (batch_id, company_id, auxiliary, kind, value)
select :batch_id, :company_id, :auxiliary, n.kind, n.value
from unnest(:kinds::text[], :values::text[]) as n (kind, value)
on conflict do nothing;

-- name: records(company_id)
-- A company's suppliers: as documents named each last, what else it is called, what it became, and what stands on its accounts (a credit
-- below zero). `alike` = other suppliers that stay two and share a number or a legal name with it.
with said as (
    select v.auxiliary, v.version, v.name, v.legal_name, v.vat_id, v.siren, v.name = v.legal_name as is_seller
    from ledger.supplier as v
    where v.company_id = :company_id
),

named as (
    select distinct on (v.auxiliary) v.* from said as v
    order by v.auxiliary asc, v.version desc
),

stands as (
    select l.auxiliary, sum(l.cents)::bigint as cents
    from ledger.entry as e
    cross join lateral unnest(e.auxiliary, e.cents) as l (auxiliary, cents)
    where
        e.company_id = :company_id and l.auxiliary is not null
        and not exists (select from ledger.fate as f where f.entry_id = e.entry_id and f.by_entry is not null)
    group by l.auxiliary
),

merged as materialized (
    select m.auxiliary, m.supplier from ledger.survivors(:company_id, 'infinity') as m
),

code as (
    select n.auxiliary from named as n
    union
    select s.auxiliary from stands as s
    union
    select a.auxiliary from ledger.supplier_alias as a
    where a.company_id = :company_id
)

select
    c.auxiliary, n.name,
    case when n.is_seller then n.legal_name end as legal_name,
    case when n.is_seller then n.vat_id end as vat_id,
    case when n.is_seller then n.siren end as siren,
    coalesce(n.version, 0) as versions,
    (select count(distinct v.legal_name) from said as v where v.auxiliary = c.auxiliary and not v.is_seller) as sellers,
    array(
        select a.value from ledger.supplier_alias as a
        where a.company_id = :company_id and a.auxiliary = c.auxiliary
        union
        select o.value
        from said as v
        cross join lateral (values (v.legal_name), (v.vat_id), (v.siren)) as o (value)
        where v.auxiliary = c.auxiliary and v.is_seller and o.value is not null
        except
        select o.value from (values (n.legal_name), (n.vat_id), (n.siren)) as o (value)
        order by value
    ) as aliases,
    m.supplier as merged_into,
    array(
        select distinct o.auxiliary
        from said as v
        cross join said as o
        left join merged as p on p.auxiliary = o.auxiliary
        where
            v.auxiliary = c.auxiliary and v.is_seller and o.is_seller
            and coalesce(p.supplier, o.auxiliary) <> coalesce(m.supplier, c.auxiliary)
            and (o.vat_id = v.vat_id or o.siren = v.siren or lower(o.legal_name) = lower(v.legal_name))
        order by auxiliary
    ) as alike,
    coalesce(s.cents, 0) as balance_cents
from code as c
left join named as n on n.auxiliary = c.auxiliary
left join stands as s on s.auxiliary = c.auxiliary
left join merged as m on m.auxiliary = c.auxiliary
order by coalesce(m.supplier, c.auxiliary), m.supplier is not null, c.auxiliary;
