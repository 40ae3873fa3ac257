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

-- name: note_suppliers(batch_id, said)!
-- A version for each identity that no document of the supplier had shown, nor of those that became it; a first one it always gets.
with shown as materialized (
    select n.*, ledger.identity_of(n.name, n.legal_name, n.vat_id, n.siren) as identity
    from rows from (
        jsonb_to_recordset(:said::jsonb) as (company_id text, auxiliary text, name text, legal_name text, vat_id text, siren text)
    ) with ordinality as n (company_id, auxiliary, name, legal_name, vat_id, siren, place)
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
