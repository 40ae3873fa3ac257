-- name: claim(event_id)!
-- Take an event: one row the first time, none when it is there already.
insert into inbox (event_id) values (:event_id) on conflict do nothing;

-- name: next_places(stripe, count)$
-- The last of `count` new places at the end of a stripe; locks the stripe until commit, so place order is commit order.
update outbox_head set seq = seq + :count where stripe = :stripe returning seq;

-- name: put(stripe, seq, topic, key, value, names, values)*!
-- One message in its place.
insert into outbox (stripe, seq, topic, key, value, header_names, header_values)
values (:stripe, :seq, :topic, :key, :value, :names, :values);

-- name: stripes_with_news()
-- The stripes that have something to announce.
select distinct stripe from outbox order by stripe;

-- name: lock_stripe(stripe)$
-- True for the one relay that may announce this stripe now; free again at the end of its transaction.
select pg_try_advisory_xact_lock(hashtext(current_schema() || '.outbox'), :stripe);

-- name: waiting(stripe, limit)
-- The next messages of a stripe, in order.
select seq, topic, key, value, header_names, header_values
from outbox
where stripe = :stripe
order by seq
limit :limit;

-- name: forget(stripe, through)!
-- These messages are acknowledged.
delete from outbox where stripe = :stripe and seq <= :through;
