-- name: open_trip()^
-- The trip that waits for an operator.
select tripped_at, reason, topic, partition, record_offset from breaker where resumed_at is null;

-- name: resume(by)!
-- Let the service consume again.
update breaker set resumed_at = clock_timestamp(), resumed_by = :by where resumed_at is null;

-- name: skip(topic, partition, offset, by, why)!
-- Park this record without looking into it; nothing when it was asked before.
insert into skip (topic, partition, record_offset, asked_by, why)
values (:topic, :partition, :offset, :by, :why) on conflict do nothing;

-- name: skips()
-- What was asked to skip, the latest first.
select topic, partition, record_offset, asked_by, asked_at, why from skip order by asked_at desc;
