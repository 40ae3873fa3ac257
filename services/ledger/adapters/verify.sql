-- name: pin(batchwise)$
-- The bytes of a seal, and plans for one batch after the other (`off` = for whole tables).
select
    set_config('client_encoding', 'UTF8', true)
    || set_config('jit', 'off', true)
    || set_config('max_parallel_workers_per_gather', '0', true)
    || set_config('enable_seqscan', case :batchwise when 'on' then 'off' else 'on' end, true)
    || set_config('enable_bitmapscan', case :batchwise when 'on' then 'off' else 'on' end, true);

-- name: sealed()
-- record_class: Sealed
-- What is sealed, line by line.
select place, name, keys, columns, adds
from ledger.sealed
order by place;

-- name: heads()
-- record_class: Head
-- The head of every book, and of every book that has batches.
select book, coalesce(h.seq, 0) as seq, coalesce(h.hash, '\x00') as hash
from ledger.chain_head as h
full join (select distinct c.book from ledger.chain as c) as c using (book)
order by book;

-- name: unlisted()
-- A column of a table of batches that no line of the list has.
select c.relname, a.attname
from pg_class as c
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where
    c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p', 'f') and c.relname <> 'chain'
    and (
        c.relname = 'entry'
        or exists (select from pg_attribute as b where b.attrelid = c.oid and b.attname = 'batch_id' and not b.attisdropped)
    )
    and not exists (select from ledger.sealed as s where s.name = c.relname and a.attname = any(s.keys || s.columns))
order by c.relname, a.attnum
limit 1;

-- name: strange_book()
-- A batch in the chain of a book that is not its own.
select c.book, c.seq, c.batch_id, b.book as own
from ledger.chain as c
inner join ledger.batch as b using (batch_id)
where b.book <> c.book
order by c.batch_id
limit 1;

-- name: gap_of_offsets()
-- Records of a partition that no batch has, or that two have.
select s.topic_id, s.partition, s.batch_id, s.from_offset, s.expected
from (
    select
        b.topic_id, b.partition, b.batch_id, b.from_offset,
        coalesce(lag(b.next_offset) over (partition by b.topic_id, b.partition order by b.from_offset), 0) as expected
    from ledger.batch as b
    where b.kind = 'I'
) as s
where s.from_offset <> s.expected
order by s.batch_id
limit 1;

-- name: wrong_position()
-- A partition that does not stand where its last batch ends, or whose epoch went back.
select
    topic_id, partition, coalesce(k.next_offset, 0) as stands_at, coalesce(k.epoch, 0) as stands_under,
    coalesce(b.next_offset, 0) as ends_at, coalesce(b.epoch, 0) as ends_under
from ledger.kafka_position as k
full join (
    select i.topic_id, i.partition, max(i.next_offset) as next_offset, max(i.epoch) as epoch
    from ledger.batch as i
    where i.kind = 'I'
    group by i.topic_id, i.partition
) as b using (topic_id, partition)
where k.next_offset is distinct from coalesce(b.next_offset, 0) or k.epoch < b.epoch
order by topic_id, partition
limit 1;

-- name: wrong_todo()
-- An entry without fate that does not wait, or one that waits and has its fate.
select coalesce(e.entry_id, t.entry_id) as entry_id, t.company_id is null as is_missing
from (
    select o.entry_id, o.company_id
    from ledger.entry as o
    where
        not exists (select from ledger.fate as f where f.entry_id = o.entry_id)
        and not exists (select from ledger.reversal as r where r.entry_id = o.entry_id)
) as e
full join ledger.todo as t on t.entry_id = e.entry_id
where t.company_id is distinct from e.company_id
order by coalesce(e.entry_id, t.entry_id)
limit 1;

-- name: hole_in_numbers()
-- A number that does not follow the one before it.
select n.company_id, n.journal, n.fy, n.number, n.before + 1 as expected
from (
    select
        f.company_id, f.journal, f.fy, f.number,
        coalesce(lag(f.number) over (partition by f.company_id, f.journal, f.fy order by f.number), 0) as before
    from ledger.fate as f
    where f.number is not null
) as n
where n.number <> n.before + 1
order by n.company_id, n.journal, n.fy, n.number
limit 1;

-- name: day_back()
-- A number that was given on an earlier day than the one before it.
select n.company_id, n.journal, n.fy, n.number, n.validated_on, n.before
from (
    select
        f.company_id, f.journal, f.fy, f.number, f.validated_on,
        lag(f.validated_on) over (partition by f.company_id, f.journal, f.fy order by f.number) as before
    from ledger.fate as f
    where f.number is not null
) as n
where n.validated_on < n.before
order by n.company_id, n.journal, n.fy, n.number
limit 1;

-- name: wrong_counter()
-- A counter that is not at the last number and its day.
select company_id, journal, fy, coalesce(c.last_no, 0) as counted, coalesce(f.last_no, 0) as given
from ledger.counter as c
full join (
    select g.company_id, g.journal, g.fy, max(g.number) as last_no, max(g.validated_on) as last_on
    from ledger.fate as g
    where g.number is not null
    group by g.company_id, g.journal, g.fy
) as f using (company_id, journal, fy)
where (c.last_no, c.last_on) is distinct from (f.last_no, f.last_on)
order by company_id, journal, fy
limit 1;

-- name: wrong_close()
-- A fiscal year that is not closed up to where its last close says, or a close of no year.
with closed as (
    select e.company_id, e.through
    from ledger.period_event as e
    where e.deed = 'close'
)

select y.company_id, y.closed_through::text as stands_at, coalesce(max(c.through), y.starts - 1) as said
from ledger.fiscal_year as y
left join closed as c on c.company_id = y.company_id and c.through between y.starts and y.ends
group by y.company_id, y.fy, y.starts, y.closed_through
having y.closed_through <> coalesce(max(c.through), y.starts - 1)
union all
select c.company_id, 'aucun' as stands_at, c.through as said
from closed as c
where not exists (select from ledger.fiscal_year as y where y.company_id = c.company_id and c.through between y.starts and y.ends)
order by company_id, said
limit 1;

-- name: parted()
-- An entry that stands although the one it follows does not, or that was replaced although that one stands.
select l.entry_id, l.principal
from ledger.later_entry as l
left join ledger.fate as f on f.entry_id = l.entry_id
left join ledger.reversal as r on r.reversed = l.entry_id
left join ledger.fate as pf on pf.entry_id = l.principal
left join ledger.reversal as pr on pr.reversed = l.principal
where
    f.by_entry is null and r.entry_id is null and (pf.by_entry is not null or pr.entry_id is not null)
    or f.by_entry is not null and pf.by_entry is null and pr.entry_id is null
order by l.entry_id
limit 1;

-- name: announced_too_far()
-- A book announced beyond its head, or not kept count of.
select book, coalesce(a.seq, 0) as announced, coalesce(h.seq, 0) as head
from ledger.announced as a
full join ledger.chain_head as h using (book)
where a.seq is null or h.seq is null or a.seq < 0 or a.sent < 0 or a.seq > h.seq or (a.seq = h.seq and a.sent > 0)
order by book
limit 1;

-- name: wrong_supplier()
-- A supplier whose documents show what no version says, or that has a version none of its batch's documents show.
with shown as (
    select distinct
        i.company_id,
        i.facts -> 'supplier' ->> 'auxiliary' as auxiliary,
        coalesce(i.facts -> 'supplier' ->> 'legal_name', '') as legal_name,
        coalesce(i.facts -> 'supplier' ->> 'vat_id', '') as vat_id,
        coalesce(i.facts -> 'supplier' ->> 'siren', '') as siren
    from ledger.invoice as i
)

select n.company_id, n.auxiliary
from shown as n
where
    not exists (
        select from ledger.supplier as s
        where
            s.company_id = n.company_id and coalesce(s.legal_name, '') = n.legal_name
            and coalesce(s.vat_id, '') = n.vat_id and coalesce(s.siren, '') = n.siren
            and (
                s.auxiliary = n.auxiliary
                or exists (select from ledger.supplier_merger as m where m.company_id = s.company_id and m.auxiliary = s.auxiliary)
            )
    )
union all
select s.company_id, s.auxiliary
from ledger.supplier as s
where
    not exists (
        select from ledger.invoice as i
        where
            i.batch_id = s.batch_id and i.company_id = s.company_id
            and i.facts -> 'supplier' @> jsonb_build_object(
                'auxiliary', s.auxiliary, 'legal_name', s.legal_name, 'vat_id', s.vat_id, 'siren', s.siren
            )
    )
order by company_id, auxiliary
limit 1;

-- name: circle_of_mergers()
-- A supplier that became itself in the end.
with recursive held as materialized (
    select distinct on (m.company_id, m.auxiliary) m.company_id, m.auxiliary, m.into_auxiliary
    from ledger.supplier_merger as m
    order by m.company_id asc, m.auxiliary asc, m.batch_id desc, m.record_offset desc
),

reached as (
    select h.company_id, h.auxiliary, h.into_auxiliary from held as h
    union
    select r.company_id, r.auxiliary, h.into_auxiliary
    from reached as r
    inner join held as h on h.company_id = r.company_id and h.auxiliary = r.into_auxiliary
)

select r.company_id, r.auxiliary
from reached as r
where r.auxiliary = r.into_auxiliary
order by r.company_id, r.auxiliary
limit 1;

-- name: booked_on_merged()
-- A document's entry on an auxiliary that had become another one when it was sealed.
select e.entry_id, m.auxiliary
from ledger.supplier_merger as m
inner join ledger.chain as g on g.batch_id = m.batch_id
inner join ledger.entry as e on e.company_id = m.company_id and m.auxiliary = any(e.auxiliary)
inner join ledger.batch as b on b.batch_id = e.entry_id >> 20 and b.kind = 'I'
inner join ledger.chain as c on c.batch_id = b.batch_id and c.seq > g.seq
order by e.entry_id
limit 1;
