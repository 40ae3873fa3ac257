-- What a day brings: things said beside the books, VAT that was declared, entries that validate themselves, suspense accounts.
-- What the ledger says beside its books goes out by the kernel's outbox (a head of the day, a comparison): the service writes and empties it.

alter table inbox owner to ledger_owner;
alter table outbox owner to ledger_owner;
alter table outbox_head owner to ledger_owner;

set local role ledger_owner;
set local search_path = ledger;

grant select, insert on inbox to ledger_app;
grant select, insert, delete on outbox to ledger_app;
grant select, update (seq) on outbox_head to ledger_app;
grant select on inbox, outbox, outbox_head to ledger_readonly;

-- Three more deeds about a company's days, sealed like the others: VAT declared up to a day; from a day on, entries without a remark
-- validate themselves, or not any more.
alter table period_event drop constraint period_event_deed_check;
alter table period_event drop constraint period_event_check1;
alter table period_event add constraint period_event_deed_check
check (deed in ('lock', 'unlock', 'close', 'vat', 'automatic', 'by_hand'));
alter table period_event add constraint period_event_reason_given_check
check ((reason is null) = (deed in ('close', 'automatic', 'by_hand')));

-- The last day of the last VAT return; null before the first.
create function vat_filed_until(p_company text) returns date language sql stable
set search_path = ledger, pg_temp as $$
    select e.through from period_event as e where e.company_id = p_company and e.deed = 'vat' order by e.batch_id desc limit 1;
$$;

-- Those of the entries with a line on an account that begins so. All at once: a function asked of each would cost more than validating it.
create function on_accounts(p_entries bigint[], p_begins text) returns setof bigint language sql stable
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
    select e.entry_id from entry as e
    where e.entry_id = any(p_entries) and ' ' || array_to_string(e.account, ' ') ~ (' ' || p_begins);
$$;

-- Those whose VAT is in a return: due on acquisitions, deductible, due (PCG 4452, 4456, 4457).
create function declared(p_entries bigint[]) returns setof bigint language sql stable
set search_path = ledger, pg_temp as $$ select on_accounts(p_entries, '445[267]') $$;

-- Those that wait for somebody to say what they are (PCG 471).
create function in_suspense(p_entries bigint[]) returns setof bigint language sql stable
set search_path = ledger, pg_temp as $$ select on_accounts(p_entries, '471') $$;

-- Where each entry goes: its own day, or the first one that is neither closed (PCG 1031-4) nor, with VAT on it, in a return that was filed.
create or replace function placed(p_company text, p_entries bigint[])
returns table (entry_id bigint, fy smallint, day date) language sql stable
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
    with filed as materialized (select vat_filed_until(p_company) as through),

    chosen as materialized (select e.entry_id, e.entry_date from entry as e where e.entry_id = any(p_entries)),

    behind as materialized (
        select declared(array(select c.entry_id from chosen as c inner join filed as f on c.entry_date <= f.through)) as entry_id
    )

    select c.entry_id, y.fy, greatest(d.earliest, y.closed_through + 1)
    from chosen as c
    cross join filed as f
    left join behind as b on b.entry_id = c.entry_id
    cross join lateral (select case when b.entry_id is null then c.entry_date else f.through + 1 end as earliest) as d
    left join lateral (
        select p.fy, p.closed_through from fiscal_year as p
        where p.company_id = p_company and p.ends >= d.earliest and p.closed_through < p.ends order by p.starts limit 1
    ) as y on true;
$$;

-- The company's fiscal years, so that nobody validates meanwhile; refused for a company that the book does not have.
create function hold_years(p_company text) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    if not exists (select from company where company_id = p_company) then
        perform refuse_deed('LG011', 'no such company', p_company);
    end if;
    perform from fiscal_year where company_id = p_company order by fy for update;
end $$;

-- VAT is declared up to and including that day, also an earlier one than before; how many entries that wait will move behind it.
create function file_vat(p_company text, p_until date, p_actor text, p_reason text) returns int
language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    y fiscal_year;
    deed bigint;
begin
    perform hold_years(p_company);
    if p_reason is null or p_reason !~ '[^[:space:]]' then
        perform refuse_deed('LG029', 'a reason is missing', p_until::text);
    end if;
    select * into y from fiscal_year where company_id = p_company and p_until between starts and ends;
    if not found then
        perform refuse_deed('LG023', 'no such fiscal year', to_char(p_until, 'YYYY'));
    end if;
    if p_until = vat_filed_until(p_company) then
        perform refuse_deed('LG060', 'declared up to there already', p_until::text);
    end if;
    deed := open_deed(p_company, 'P', 0, p_actor);
    insert into period_event (batch_id, company_id, deed, from_day, through, reason)
    values (deed, p_company, 'vat', p_until, p_until, p_reason);
    insert into fiscal_year (company_id, fy, starts, ends, closed_through)
    select p_company, y.fy + 1, y.ends + 1, (y.ends + interval '1 year')::date, y.ends where p_until = y.ends
    on conflict do nothing;
    return (
        select count(*) from declared(array(
            select e.entry_id from todo as t inner join entry as e on e.entry_id = t.entry_id
            where t.company_id = p_company and e.entry_date <= p_until
        ))
    );
end $$;

-- From now on entries that arrive without a remark validate themselves under this person's name, or wait for somebody again.
create function set_automatic(p_company text, p_on boolean, p_actor text) returns void
language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    deed bigint;
    today date := (clock_timestamp() at time zone 'Europe/Paris')::date;
begin
    perform hold_years(p_company);
    if p_on = exists (select from automatic_since(p_company)) then
        perform refuse_deed('LG061', 'it is so already', p_company);
    end if;
    deed := open_deed(p_company, 'P', 0, p_actor);
    insert into period_event (batch_id, company_id, deed, from_day, through)
    values (deed, p_company, case when p_on then 'automatic' else 'by_hand' end, today, today);
end $$;

-- The batch that switched it on, and who did; nothing while it is off.
create function automatic_since(p_company text) returns table (batch_id bigint, actor text) language sql stable
set search_path = ledger, pg_temp as $$
    select b.batch_id, b.actor
    from (
        select e.batch_id, e.deed from period_event as e
        where e.company_id = p_company and e.deed in ('automatic', 'by_hand') order by e.batch_id desc limit 1
    ) as last inner join batch as b on b.batch_id = last.batch_id
    where last.deed = 'automatic';
$$;

-- The entries that need nobody's eye, of those that arrived since that batch: first version of a first revision, no remark, no suspense
-- account, on their own day, in a month that is open.
create function plain_entries(p_company text, p_since bigint, p_limit int) returns table (entry_id bigint, journal text) language sql stable
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
    with plain as materialized (
        select e.entry_id, e.journal, e.entry_date
        from todo as t
        inner join entry as e on e.entry_id = t.entry_id
        inner join invoice as i on i.company_id = e.company_id and i.invoice_id = e.invoice_id and i.version = 1 and i.entry_id = e.entry_id
        inner join batch as b on b.batch_id = e.entry_id >> 20 and b.kind = 'I'
        where t.company_id = p_company and t.entry_id >= p_since << 20
            and i.booked and i.revision = 1 and i.facts -> 'flags' = '[]'
            and not exists (select from invoice as n where n.company_id = i.company_id and n.invoice_id = i.invoice_id and n.version = 2)
            and not exists (select from overtaken as o where o.company_id = i.company_id and o.invoice_id = i.invoice_id)
    )

    select p.entry_id, p.journal
    from placed(p_company, array(select c.entry_id from plain as c)) as d
    inner join plain as p on p.entry_id = d.entry_id and p.entry_date = d.day
    where not is_locked(p_company, d.day)
        and p.entry_id not in (select s.entry_id from in_suspense(array(select c.entry_id from plain as c)) as s (entry_id))
    order by p.journal, p.entry_id limit p_limit;
$$;

-- Validates what needs nobody's eye, one batch per journal, while it is switched on: whoever switches it off waits for us, or we see it.
create function validate_automatically(p_company text, p_limit int) returns int language plpgsql security definer
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    since record;
    chosen record;
    deed bigint;
    validated int := 0;
begin
    if not pg_try_advisory_xact_lock(hashtext('ledger.automatic'), hashtext(p_company)) then
        return 0;
    end if;
    perform from fiscal_year where company_id = p_company order by fy for share;
    select * into since from automatic_since(p_company);
    if not found then
        return 0;
    end if;
    for chosen in
        select p.journal, array_agg(p.entry_id order by p.entry_id) as entries
        from plain_entries(p_company, since.batch_id, p_limit) as p group by p.journal order by p.journal
    loop
        deed := open_deed(p_company, 'V', 0, format('automatique (%s)', since.actor));
        perform number_entries(p_company, chosen.journal, chosen.entries, deed);
        delete from todo as t where t.company_id = p_company and t.entry_id = any(chosen.entries);
        validated := validated + cardinality(chosen.entries);
    end loop;
    return validated;
end $$;

-- An entry on a suspense account is validated only by whoever says that he means it (accounting rule A10.15).
alter function validate(text, text, bigint[], text) rename to validate_with_suspense;
create function validate(p_company text, p_journal text, p_entries bigint[], p_actor text) returns setof fate
language plpgsql security definer
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    suspended bigint;
begin
    select min(s.entry_id) into suspended
    from in_suspense(p_entries) as s (entry_id) inner join entry as e on e.entry_id = s.entry_id and e.company_id = p_company;
    if suspended is not null then
        perform refuse_deed('LG062', 'on a suspense account', suspended::text);
    end if;
    return query select v.* from validate_with_suspense(p_company, p_journal, p_entries, p_actor) as v;
end $$;

-- How many numbers the entries of an invoice had got, mirrors included, when its book was sealed up to that place, and what had become
-- of the one that stands.
create function standing_of(p_company text, p_invoice text, p_entry bigint, p_seq bigint) returns table (fates int, life text)
language sql stable set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
    with own as (
        select distinct i.entry_id from invoice as i
        where i.company_id = p_company and i.invoice_id = p_invoice and i.entry_id is not null
    ),

    numbered as (
        select f.batch_id, o.entry_id, false as is_mirror from own as o inner join fate as f on f.entry_id = o.entry_id
        where f.number is not null
        union all
        select f.batch_id, o.entry_id, true from own as o
        inner join reversal as r on r.reversed = o.entry_id
        inner join fate as f on f.entry_id = r.entry_id
    )

    select
        count(*)::int,
        case when bool_or(n.entry_id = p_entry and n.is_mirror) then 'reversed' when bool_or(n.entry_id = p_entry) then 'validated' end
    from numbered as n inner join chain as c on c.batch_id = n.batch_id
    where c.seq <= p_seq;
$$;

revoke execute on all functions in schema ledger from public;
grant execute on function validate, validate_automatically, file_vat, set_automatic, vat_filed_until, automatic_since, standing_of
to ledger_app;

reset role;
