-- name: entities_shown(connection_id)
-- The legal entities of an account: whose they are, and how many orders and documents each has.
with bought as (
    select distinct
        coalesce(trim(t.raw ->> 'legalEntityName'), '') as name,
        i.item ->> 'orderId' as order_id
    from amazon_transaction as t
    cross join lateral jsonb_array_elements(coalesce(nullif(t.raw -> 'transactionLineItems', 'null'), '[]')) as i (item)
    where t.connection_id = :connection_id and t.current
)

select
    e.name,
    e.ours,
    count(distinct b.order_id) as orders,
    count(distinct d.sha256) as documents
from legal_entity as e
left join bought as b on e.name = b.name
left join document_order as d on e.connection_id = d.connection_id and b.order_id = d.order_id
where e.connection_id = :connection_id
group by e.name, e.ours
order by e.name;

-- name: decide_entity(ours, connection_id, name)!
-- A person decided whose this entity is; none when the account does not show it.
update legal_entity set ours = :ours where connection_id = :connection_id and name = :name;

-- name: unsaid(connection_id)
-- Documents that were collected and not said: how many for each day of issue and set of legal entities.
with issued as (
    select
        d.sha256,
        coalesce((d.evidence #>> '{issue_date,value}')::date, (
            select min(n.issue_date) from line_number as n where n.connection_id = d.connection_id and n.number = d.number
        )) as day,
        array(
            select distinct coalesce(trim(t.raw ->> 'legalEntityName'), '')
            from document_order as o
            inner join amazon_transaction as t
                on
                    o.connection_id = t.connection_id and t.current
                    and t.raw @> jsonb_build_object(
                        'transactionLineItems', jsonb_build_array(jsonb_build_object('orderId', o.order_id))
                    )
            where o.connection_id = d.connection_id and o.sha256 = d.sha256
        ) as names
    from document as d
    where
        d.connection_id = :connection_id
        and not exists (
            select
            from invoice_facts as f
            inner join invoice as v on f.invoice_id = v.invoice_id
            where v.connection_id = d.connection_id and f.sha256 = d.sha256
        )
)

select day, names, count(*) as documents
from issued
group by day, names
order by day, names;

-- name: runs_shown(connection_id, limit)
-- The latest runs.
select kind, state, window_from, window_to, started_at, finished_at, emitted
from run
where connection_id = :connection_id
order by started_at desc, run_id asc
limit :limit;
