-- name: give_back(seconds)!
-- Jobs in the hands of workers that gave no sign of life for so long are due now. One statement: two processes never give back one job.
update procrastinate_jobs as j
set status = 'todo', scheduled_at = now()
where
    j.status = 'doing'
    and not exists (
        select from procrastinate_workers as w
        where w.id = j.worker_id and w.last_heartbeat >= now() - make_interval(secs => :seconds)
    );

-- name: count_from(attempts, job_id, worker_id)!
-- The tries of a job that this worker still has in hand.
update procrastinate_jobs
set attempts = :attempts
where id = :job_id and worker_id = :worker_id and status = 'doing';

-- name: reached(run_id)^
-- What a run has kept; a poll that brought nothing is not in it.
select
    r.emitted,
    coalesce(s.pages, 0) as pages,
    (
        select count(*) from order_line as l where l.connection_id = r.connection_id and l.asked_at >= r.started_at
    ) as asked,
    (select count(*) from report as p where p.run_id = r.run_id) as requested,
    (select count(*) from report as p where p.run_id = r.run_id and p.state <> 'asked') as answered,
    (select count(*) from report as p where p.run_id = r.run_id and p.state not in ('asked', 'ready')) as ended
from run as r
left join scan as s on r.run_id = s.run_id
where r.run_id = :run_id;
