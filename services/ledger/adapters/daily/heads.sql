-- name: heads()
-- Up to where each book is sealed that has anything in it: place, seal, entries so far, and when its last batch was written.
select
    h.book,
    h.seq,
    encode(h.hash, 'hex') as hash,
    (
        select coalesce(sum(n.n), 0)::bigint from ledger.chain as l
        inner join ledger.batch as n on n.batch_id = l.batch_id
        where l.book = h.book and l.seq <= h.seq
    ) as entries,
    b.recorded_at
from ledger.chain_head as h
inner join ledger.chain as c on c.book = h.book and c.seq = h.seq
inner join ledger.batch as b on b.batch_id = c.batch_id
order by h.book;

-- name: seal_at(book, seq)$
-- The seal at that place of the book, as hexadecimal digits; null when the book does not go so far.
select encode(c.hash, 'hex') from ledger.chain as c where c.book = :book and c.seq = :seq;
