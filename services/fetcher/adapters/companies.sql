-- name: put_company(company_id, name, siren, vat_id, plan, file_code, test_environment, sealed_address, choices)!
-- A company as an operator entered it; its settings get a new revision when they changed.
insert into company (company_id, name, siren, vat_id, plan, file_code, test_environment, sealed_address, choices)
values (:company_id, :name, :siren, :vat_id, :plan, :file_code, :test_environment, :sealed_address, :choices::jsonb)
on conflict (company_id) do update set
    name = excluded.name,
    siren = excluded.siren,
    vat_id = excluded.vat_id,
    plan = excluded.plan,
    file_code = excluded.file_code,
    test_environment = excluded.test_environment,
    sealed_address = excluded.sealed_address,
    choices = excluded.choices,
    settings_revision = company.settings_revision + 1;

-- name: company(company_id)^
-- One company, and from when on its history was migrated.
select
    company_id,
    name,
    siren,
    vat_id,
    plan,
    file_code,
    test_environment,
    sealed_address,
    choices::text as choices,
    settings_revision,
    (select min(m.since) from migration as m where m.company_id = company.company_id and m.state = 'done') as migrated_since
from company
where company_id = :company_id;

-- name: company_named(name)$
-- The id of the company of that name, whatever the case.
select company_id from company where lower(name) = lower(:name);

-- name: choose(choices, company_id)!
-- New settings under a new revision.
update company set choices = :choices::jsonb, settings_revision = settings_revision + 1 where company_id = :company_id;

-- name: next_description(company_id)$
-- The version of the company's next description.
update company set described = described + 1 where company_id = :company_id returning described;

-- name: connections(company_id)
-- The connections of a company, oldest first.
select connection_id, company_id, marketplace_id, state, opened_at, since, trouble, proven
from connection
where company_id = :company_id
order by opened_at, connection_id;

-- name: connection(connection_id)^
-- One connection.
select connection_id, company_id, marketplace_id, state, opened_at, since, trouble, proven
from connection
where connection_id = :connection_id;

-- name: locked_connection(connection_id)^
-- One connection, locked until the transaction ends.
select connection_id, company_id, marketplace_id, state, opened_at, since, trouble, proven
from connection
where connection_id = :connection_id
for update;

-- name: sealed_refresh_token(connection_id)$
-- The sealed token of a connection that is not closed.
select sealed_refresh_token from connection where connection_id = :connection_id and state <> 'closed';

-- name: put_connection(connection_id, company_id, marketplace_id, sealed_refresh_token, now)!
-- A new connection, initialising; none when the company has one to this marketplace already.
insert into connection (connection_id, company_id, marketplace_id, state, sealed_refresh_token, opened_at, since)
values (:connection_id, :company_id, :marketplace_id, 'initialising', :sealed_refresh_token, :now, :now)
on conflict do nothing;

-- name: reopen_connection(sealed_refresh_token, now, connection_id)!
-- A broken connection under a new consent: initialising again, its account still to be compared; none when it is not broken.
update connection
set
    state = 'initialising',
    sealed_refresh_token = :sealed_refresh_token,
    since = :now,
    trouble = null,
    proven = false
where connection_id = :connection_id and state = 'broken';

-- name: move_connection(state, now, connection_id)!
-- From one state to another, where nothing is wrong.
update connection set state = :state, since = :now, trouble = null where connection_id = :connection_id;

-- name: break_connection(trouble, now, connection_id)!
-- Nothing is collected until a person acts.
update connection set state = 'broken', trouble = :trouble, since = :now where connection_id = :connection_id;

-- name: close_connection(now, connection_id)!
-- The end: the token is gone.
update connection
set state = 'closed', sealed_refresh_token = null, since = :now, trouble = null
where connection_id = :connection_id;

-- name: prove_connection(connection_id)!
-- The account behind it is the one it was opened for.
update connection set proven = true where connection_id = :connection_id;

-- name: reseal_token(sealed, connection_id, before)!
-- The token sealed anew, or a newer one; none when it is not that one any more.
update connection
set sealed_refresh_token = :sealed
where connection_id = :connection_id and sealed_refresh_token = :before;

-- name: latest_transactions(connection_id, limit)
-- The payments that became known last, by the id and the day that Amazon gives them.
select transaction_id, raw ->> 'feedDate' as fed_at
from amazon_transaction
where connection_id = :connection_id and current and raw ->> 'transactionId' is not null and raw ->> 'feedDate' is not null
order by fed_at desc, transaction_id asc
limit :limit;

-- name: next_change(connection_id)$
-- The number of the next event about this connection.
update connection set changes = changes + 1 where connection_id = :connection_id returning changes;

-- name: authorise(session_id, company_id, now)!
-- The first consent: this session may connect this company.
insert into consent (session_id, company_id, step, authorised_at)
values (:session_id, :company_id, 'company', :now)
on conflict (session_id, company_id) do update set
    step = 'company',
    state_hash = null,
    refusal = null,
    authorised_at = excluded.authorised_at;

-- name: send_to_amazon(state_hash, expires_at, session_id, company_id)!
-- The second consent begins: one state value, for this session and company, for a while. None when the first was not given.
update consent
set step = 'amazon', state_hash = :state_hash, expires_at = :expires_at, refusal = null
where session_id = :session_id and company_id = :company_id;

-- name: use_state(state_hash, session_id)^
-- Take the state value; it never works again, whatever comes of it.
update consent
set step = 'company', state_hash = null
where state_hash = :state_hash and session_id = :session_id and step = 'amazon'
returning company_id, expires_at;

-- name: refuse_consent(refusal, session_id, company_id)!
-- The second consent led nowhere, and why.
update consent set refusal = :refusal where session_id = :session_id and company_id = :company_id;

-- name: consent(session_id, company_id)^
-- How far the two consents are in this session.
select step, expires_at, refusal from consent where session_id = :session_id and company_id = :company_id;

-- name: forget_consents(company_id)!
-- Whoever connects this company again begins at the beginning.
delete from consent where company_id = :company_id;

-- name: finish_consent(session_id, company_id)!
-- Both consents were given.
update consent set step = 'done' where session_id = :session_id and company_id = :company_id;

-- name: put_run(run_id, company_id, connection_id, kind, window_from, window_to, now)!
-- A run, unless this very run exists.
insert into run (run_id, company_id, connection_id, kind, state, window_from, window_to, started_at)
values (:run_id, :company_id, :connection_id, :kind, 'collecting', :window_from, :window_to, :now)
on conflict do nothing;

-- name: scanned_until(connection_id)$
-- The watermark: the end of the last scan that was read to its last page.
select max(r.window_to)
from run as r
inner join scan as s on r.run_id = s.run_id
where r.connection_id = :connection_id and s.finished_at is not null;

-- name: unfinished_runs(connection_id)
-- The runs of a connection that have not finished, oldest first; a migration that is paused does nothing with its job.
-- One that is asked for has no run yet: it is estimated first.
select u.run_id, u.kind
from (
    select run_id, kind, started_at from run where connection_id = :connection_id and state = 'collecting'
    union all
    select run_id, 'history', 'infinity' from migration where connection_id = :connection_id and state = 'requested'
) as u
order by u.started_at;

-- name: drop_runs(now, connection_id)!
-- The runs of a closed connection say nothing more.
update run set state = 'dropped', finished_at = :now where connection_id = :connection_id and state = 'collecting';

-- name: run(run_id)^
-- One run.
select run_id, company_id, connection_id, kind, state, window_from, window_to, started_at, emitted from run where run_id = :run_id;

-- name: last_run(connection_id)^
-- The latest run of a connection that collects, for people; migrations of history have a page of their own.
select run_id, company_id, connection_id, kind, state, window_from, window_to, started_at, emitted
from run
where connection_id = :connection_id and kind not in ('history', 'lifted')
order by started_at desc
limit 1;
