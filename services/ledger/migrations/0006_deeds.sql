-- What people do, each deed one function and one batch: validate, correct, reverse, close, lock. Order of locks: years, fates, counter, head.
-- A refusal is a code of its own, with what it is about as its detail; services/ledger/adapters/refusals.py says it in French.

set local role ledger_owner;
set local search_path = ledger;

create function refuse_deed(p_code text, p_says text, p_about text) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    raise exception '%: %', p_says, coalesce(p_about, 'nothing') using errcode = p_code, detail = coalesce(p_about, '');
end $$;

create function open_deed(p_company text, p_kind "char", p_n int, p_actor text) returns bigint language plpgsql
set search_path = ledger, pg_temp as $$
declare
    its_book smallint;
    opened bigint;
begin
    if p_actor is null or p_actor !~ '[^[:space:]]' or p_actor ~ E'[\t\n\r|]' then
        perform refuse_deed('LG010', 'nobody answers for this', null);
    end if;
    select book into its_book from company where company_id = p_company;
    if not found then
        perform refuse_deed('LG011', 'no such company', p_company);
    end if;
    insert into batch (book, kind, n, actor) values (its_book, p_kind, p_n, p_actor) returning batch_id into opened;
    return opened;
end $$;

-- Entries of that company, sealed: each entry is looked at, and each batch once.
create function refuse_strange(p_company text, p_entries bigint[]) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    strange record;
begin
    if p_company is null or not exists (select from company where company_id = p_company) then
        perform refuse_deed('LG011', 'no such company', p_company);
    end if;
    select a.id into strange from (
        select min(u.id) as id, u.id >> 20 as batch_id from unnest(p_entries) as u (id) group by u.id >> 20
    ) as a where not exists (select from chain as c where c.batch_id = a.batch_id) limit 1;
    if found then
        perform refuse_deed('LG012', 'no such entry', strange.id::text);
    end if;
    if (select count(*) from entry as e where e.entry_id = any(p_entries) and e.company_id = p_company) = cardinality(p_entries) then
        return;
    end if;
    select a.id, e.company_id into strange
    from unnest(p_entries) as a (id) left join entry as e on e.entry_id = a.id
    where e.company_id is distinct from p_company limit 1;
    if found then
        perform refuse_deed(case when strange.company_id is null then 'LG012' else 'LG013' end,
            case when strange.company_id is null then 'no such entry' else 'an entry of another company' end, strange.id::text);
    end if;
end $$;

create function refuse_fated(p_entries bigint[]) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    f fate;
begin
    select * into f from fate where entry_id = any(p_entries) order by entry_id limit 1;
    if found and f.by_entry is null then
        perform refuse_deed('LG015', 'already validated', f.entry_id::text);
    elsif found then
        perform refuse_deed('LG016', 'already superseded', f.entry_id::text);
    end if;
end $$;

create function is_locked(p_company text, p_day date) returns boolean language sql stable
set search_path = ledger, pg_temp as $$
    select coalesce((
        select e.deed = 'lock' from period_event as e
        where e.company_id = p_company and e.deed in ('lock', 'unlock') and e.from_day = date_trunc('month', p_day)::date
        order by e.batch_id desc limit 1
    ), false);
$$;

-- Where each entry goes: its own day, or the first open one after it (PCG 1031-4). No year = no open day.
create function placed(p_company text, p_entries bigint[]) returns table (entry_id bigint, fy smallint, day date) language sql stable
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
    select e.entry_id, y.fy, greatest(e.entry_date, y.closed_through + 1)
    from entry as e
    left join lateral (
        select p.fy, p.closed_through from fiscal_year as p
        where p.company_id = p_company and p.ends >= e.entry_date and p.closed_through < p.ends order by p.starts limit 1
    ) as y on true
    where e.entry_id = any(p_entries);
$$;

-- Fates with numbers. Whoever closes or locks a period waits for us, or we for him; the counter is locked last. Where each entry goes is
-- asked once, whether a month is locked once for each month.
create function number_entries(p_company text, p_journal text, p_entries bigint[], p_batch bigint) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
    c counter;
    today date := (clock_timestamp() at time zone 'Europe/Paris')::date;
    ids bigint[];
    years smallint[];
    days date[];
begin
    perform from fiscal_year where company_id = p_company order by fy for share;
    select array_agg(p.entry_id order by p.day, p.entry_id), array_agg(p.fy order by p.day, p.entry_id),
        array_agg(p.day order by p.day, p.entry_id)
    into ids, years, days from placed(p_company, p_entries) as p;
    select m.entry_id, m.fy, m.month into r
    from (
        select min(p.entry_id) as entry_id, p.fy, to_char(p.day, 'YYYY-MM') as month, min(p.day) as day
        from unnest(ids, years, days) as p (entry_id, fy, day) group by p.fy, to_char(p.day, 'YYYY-MM')
    ) as m where m.fy is null or is_locked(p_company, m.day) order by m.entry_id limit 1;
    if found and r.fy is null then
        perform refuse_deed('LG017', 'no fiscal year is open for it', r.entry_id::text);
    elsif found then
        perform refuse_deed('LG018', 'its month is locked', r.month);
    end if;
    for r in select y.fy, count(*)::int as n from unnest(years) as y (fy) group by y.fy order by y.fy loop
        insert into counter as k values (p_company, p_journal, r.fy, r.n, today)
        on conflict (company_id, journal, fy) do update set last_no = k.last_no + r.n, last_on = greatest(k.last_on, today)
        returning * into c;
        insert into fate (entry_id, batch_id, company_id, journal, fy, number, entry_date, validated_on)
        select p.entry_id, p_batch, p_company, p_journal, p.fy,
            c.last_no - r.n + row_number() over (order by p.day, p.entry_id), p.day, c.last_on
        from unnest(ids, years, days) as p (entry_id, fy, day) where p.fy = r.fy;
    end loop;
exception when unique_violation then
    perform refuse_fated(p_entries);
    raise;
end $$;

-- All of these entries of one journal, or none.
create function validate(p_company text, p_journal text, p_entries bigint[], p_actor text) returns setof fate
language plpgsql security definer
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    chosen bigint[] := array(select distinct a.id from unnest(p_entries) as a (id) where a.id is not null order by a.id);
    other bigint;
    deed bigint;
begin
    if cardinality(chosen) = 0 then
        perform refuse_deed('LG019', 'nothing was chosen', null);
    end if;
    perform refuse_strange(p_company, chosen);
    select e.entry_id into other from entry as e where e.entry_id = any(chosen) and e.journal is distinct from p_journal limit 1;
    if found then
        perform refuse_deed('LG014', 'an entry of another journal', other::text);
    end if;
    perform refuse_fated(chosen);
    deed := open_deed(p_company, 'V', 0, p_actor);
    perform number_entries(p_company, p_journal, chosen, deed);
    delete from todo as t where t.company_id = p_company and t.entry_id = any(chosen);
    return query select f.* from fate as f where f.batch_id = deed order by f.fy, f.number;
end $$;

-- A validated entry that may be reversed: neither a reversal nor reversed before.
create function refuse_reversed(p_entry bigint) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    if exists (select from reversal where entry_id = p_entry) then
        perform refuse_deed('LG022', 'a reversal stands', p_entry::text);
    elsif exists (select from fate where entry_id = p_entry and by_entry is not null) then
        perform refuse_deed('LG016', 'already superseded', p_entry::text);
    elsif not exists (select from fate where entry_id = p_entry) then
        perform refuse_deed('LG020', 'not validated', p_entry::text);
    elsif exists (select from reversal where reversed = p_entry) then
        perform refuse_deed('LG021', 'already reversed', p_entry::text);
    end if;
end $$;

-- The key of an entry that a person made: 48 bits of the piece's date in milliseconds, then a hash of its id, as posting.source_key.
create function key_of(p_entry bigint, p_day date) returns uuid language sql immutable
set search_path = ledger, pg_temp as $$
    select encode(substr(int8send(greatest((p_day - date '1970-01-01')::bigint, 0) * 86400000), 3)
        || substr(sha256(int8send(p_entry)), 1, 10), 'hex')::uuid;
$$;

-- The mirror of a validated entry, on that one's own day; it still needs its number.
create function mirror(p_entry bigint, p_mirror bigint) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    insert into entry (entry_id, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, source_key,
        account, auxiliary, cents, vat_rate, currency, currency_cents)
    select p_mirror, e.company_id, e.invoice_id, e.revision, e.journal, f.entry_date, e.piece_ref, e.piece_date,
        left(format('Contre-passation %s %s n° %s : %s', f.journal, f.fy, f.number, e.label), 500), key_of(p_mirror, e.piece_date),
        e.account, e.auxiliary, turned(e.cents), e.vat_rate, e.currency, turned(e.currency_cents)
    from entry as e inner join fate as f on f.entry_id = e.entry_id where e.entry_id = p_entry;
    insert into reversal (entry_id, batch_id, reversed) values (p_mirror, p_mirror >> 20, p_entry);
exception when unique_violation then
    perform refuse_reversed(p_entry);
    raise;
end $$;

-- The mirrors of a batch get their numbers, journal by journal in one order.
create function number_mirrors(p_company text, p_batch bigint) returns void language plpgsql
set search_path = ledger, pg_temp as $$
declare
    made record;
begin
    for made in
        select e.journal, array_agg(e.entry_id order by e.entry_id) as entries
        from reversal as v inner join entry as e on e.entry_id = v.entry_id where v.batch_id = p_batch group by e.journal order by e.journal
    loop
        perform number_entries(p_company, made.journal, made.entries, p_batch);
    end loop;
end $$;

-- An entry that waits is replaced, and waits no more.
create function supersede(p_entry bigint, p_new bigint) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    insert into fate (entry_id, batch_id, by_entry) values (p_entry, p_new >> 20, p_new);
    delete from todo as t using entry as e where e.entry_id = p_entry and t.company_id = e.company_id and t.entry_id = p_entry;
exception when unique_violation then
    perform refuse_fated(array[p_entry]);
    raise;
end $$;

-- A validated entry is turned round by its exact mirror, which has a number of its own at once (PCG 1031-3). What follows it goes with it:
-- turned round too, or, while it waits, replaced by that mirror. The fates of all mirrors, that of the entry first.
create function reverse_entry(p_company text, p_entry bigint, p_actor text) returns setof fate language plpgsql security definer
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    deed bigint;
    follower bigint;
    is_final boolean;
begin
    perform refuse_strange(p_company, array[p_entry]);
    perform refuse_reversed(p_entry);
    follower := follower_of(p_entry);
    is_final := exists (select from fate as f where f.entry_id = follower);
    deed := open_deed(p_company, 'C', 1 + is_final::int, p_actor);
    perform mirror(p_entry, deed << 20);
    if is_final then
        perform mirror(follower, deed << 20 | 1);
    elsif follower is not null then
        perform supersede(follower, deed << 20);
    end if;
    perform number_mirrors(p_company, deed);
    return query select f.* from fate as f where f.batch_id = deed and f.number is not null order by f.entry_id;
end $$;

-- The invoice stands on the new entry from now on; what its events said of it stays.
create function stand_on(p_entry bigint, p_new bigint) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    insert into invoice (batch_id, record_offset, company_id, invoice_id, version, revision, outcome, entry_id, booked, posting, content, facts,
        event_id, event_time)
    select p_new >> 20, 0, i.company_id, i.invoice_id,
        (select max(v.version) from invoice as v where v.company_id = i.company_id and v.invoice_id = i.invoice_id) + 1,
        i.revision, 'recorded', p_new, true, i.posting, i.content, i.facts, i.event_id, i.event_time
    from entry as e inner join invoice as i
        on i.company_id = e.company_id and i.invoice_id = e.invoice_id and i.entry_id = e.entry_id and i.booked
    where e.entry_id = p_entry;
exception when unique_violation then
    perform refuse_deed('LG031', 'its document changed meanwhile', p_entry::text);
end $$;

-- Other lines for an entry: before it is validated a new one supersedes it; afterwards it is reversed, and a new one waits for validation.
-- Of an entry in a currency the new lines have their amounts in it too: p_currency_cents, null in euros.
-- What stands and falls with it is written anew too, with the lines it had. A new entry comes right behind the mirror of the one it replaces.
create function correct(
    p_company text, p_entry bigint, p_actor text, p_account text[], p_auxiliary text[], p_cents bigint[], p_vat_rate text[],
    p_currency_cents bigint[] default null
) returns bigint language plpgsql security definer
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    chosen bigint[];
    final bigint[];
    one bigint;
    made bigint[] := '{}';
    stranger text;
    next_id bigint;
begin
    perform refuse_strange(p_company, array[p_entry]);
    if exists (select from fate where entry_id = p_entry) then
        perform refuse_reversed(p_entry);
    end if;
    select l.code into stranger from entry as e cross join lateral unnest(p_account) as l (code)
    where e.entry_id = p_entry and not exists (
        select from account as a where a.company_id = p_company and a.code = l.code and a.valid @> e.entry_date
    ) limit 1;
    if found then
        perform refuse_deed('LG030', 'no such account', stranger);
    end if;
    select e.entry_id::text into stranger from entry as e
    where e.entry_id = p_entry and (e.currency is null) <> (p_currency_cents is null);
    if found then
        perform refuse_deed('LG032', 'amounts in its currency, no others', stranger);
    end if;
    chosen := together(p_entry);
    if cardinality(chosen) > 1 then
        perform refuse_unsettled(p_entry, p_account, p_cents);
    end if;
    final := array(select f.entry_id from fate as f where f.entry_id = any(chosen));
    next_id := open_deed(p_company, 'C', cardinality(chosen) + cardinality(final), p_actor) << 20;
    foreach one in array chosen loop
        if one = any(final) then
            perform mirror(one, next_id);
            next_id := next_id + 1;
        end if;
        insert into entry (entry_id, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, source_key,
            account, auxiliary, cents, vat_rate, currency, currency_cents)
        select next_id, e.company_id, e.invoice_id, e.revision, e.journal, e.entry_date, e.piece_ref, e.piece_date, e.label,
            key_of(next_id, e.piece_date), n.account, n.auxiliary, n.cents, n.vat_rate, e.currency, n.currency_cents
        from entry as e cross join lateral (
            select p_account as account, p_auxiliary as auxiliary, p_cents as cents, p_vat_rate as vat_rate,
                p_currency_cents as currency_cents where one = p_entry
            union all select e.account, e.auxiliary, e.cents, e.vat_rate, e.currency_cents where one <> p_entry
        ) as n where e.entry_id = one;
        made := made || next_id;
        next_id := next_id + 1;
    end loop;
    perform stand_on(chosen[1], made[1]);
    perform follow(made);
    perform supersede(c.old, c.new) from unnest(chosen, made) as c (old, new) where c.old <> all(final) order by c.old;
    perform number_mirrors(p_company, made[1] >> 20);
    return made[array_position(chosen, p_entry)];
end $$;

-- Everything of that year up to and including that day, for good. p_waiting = how many unvalidated entries the person knows will move.
create function close_period(p_company text, p_fy smallint, p_through date, p_actor text, p_waiting int) returns void
language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    y fiscal_year;
    deed bigint;
    waiting int;
begin
    select * into y from fiscal_year where company_id = p_company and fy = p_fy for update;
    if not found then
        perform refuse_deed('LG023', 'no such fiscal year', p_fy::text);
    end if;
    if p_through is null or p_through not between y.starts and y.ends or p_through <= y.closed_through then
        perform refuse_deed('LG024', 'not a day to close further to', p_through::text);
    end if;
    if p_through = y.ends and exists (select from fiscal_year as p where p.company_id = p_company and p.fy < p_fy and p.closed_through < p.ends)
    then
        perform refuse_deed('LG025', 'an earlier year is still open', p_fy::text);
    end if;
    select count(*) into waiting from todo as t inner join entry as e on e.entry_id = t.entry_id
    where t.company_id = p_company and e.entry_date <= p_through;
    if p_waiting is distinct from waiting then
        perform refuse_deed('LG026', 'entries that wait were not acknowledged', waiting::text);
    end if;
    deed := open_deed(p_company, 'P', 0, p_actor);
    insert into period_event (batch_id, company_id, deed, from_day, through) values (deed, p_company, 'close', y.closed_through + 1, p_through);
    update fiscal_year set closed_through = p_through where company_id = p_company and fy = p_fy;
    insert into fiscal_year (company_id, fy, starts, ends, closed_through)
    select p_company, p_fy + 1, y.ends + 1, (y.ends + interval '1 year')::date, y.ends where p_through = y.ends
    on conflict do nothing;
end $$;

-- A month is locked or unlocked, with a reason; p_deed = lock or unlock.
create function lock_month(p_company text, p_day date, p_deed text, p_actor text, p_reason text) returns void
language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    y fiscal_year;
    first_day date := date_trunc('month', p_day)::date;
    opened bigint;
begin
    if p_reason is null or p_reason !~ '[^[:space:]]' then
        perform refuse_deed('LG029', 'a reason is missing', to_char(p_day, 'YYYY-MM'));
    end if;
    select * into y from fiscal_year where company_id = p_company and p_day between starts and ends for update;
    if not found then
        perform refuse_deed('LG023', 'no such fiscal year', to_char(p_day, 'YYYY'));
    end if;
    if y.closed_through >= (first_day + interval '1 month')::date - 1 then
        perform refuse_deed('LG028', 'closed for good', to_char(p_day, 'YYYY-MM'));
    end if;
    if (p_deed = 'lock') = is_locked(p_company, p_day) then
        perform refuse_deed('LG027', 'it is so already', to_char(p_day, 'YYYY-MM'));
    end if;
    opened := open_deed(p_company, 'P', 0, p_actor);
    insert into period_event (batch_id, company_id, deed, from_day, through, reason)
    values (opened, p_company, p_deed, first_day, (first_day + interval '1 month')::date - 1, p_reason);
end $$;

alter default privileges revoke execute on functions from public;
revoke execute on all functions in schema ledger from public;
grant execute on function digest, life_of, validate, reverse_entry, correct, close_period, lock_month to ledger_app;
grant select on counter, reversal, period_event to ledger_app;
revoke insert on entry from ledger_app;
grant insert (
    entry_id, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, source_key,
    account, auxiliary, cents, vat_rate, currency, currency_cents
) on entry to ledger_app;
grant select on company, chart, account, fiscal_year, batch, entry, line, fate, todo, counter, reversal, period_event, invoice, overtaken,
outcome, run, run_marker, run_finished, parked_record, kafka_position, chain, chain_head, announced, breaker, skip to ledger_readonly;

reset role;
