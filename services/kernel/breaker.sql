-- name: tripped()$
-- Whether a trip waits for an operator.
select count(*) > 0 from breaker where resumed_at is null;

-- name: trip(reason, topic, partition, offset, refused, seen)!
-- Stop the service; nothing when it is stopped already.
insert into breaker (reason, topic, partition, record_offset, refused, seen)
values (:reason, :topic, :partition, :offset, :refused, :seen) on conflict do nothing;

-- name: skips()
-- Every record an operator asked to skip.
select topic, partition, record_offset, asked_by, why from skip;
