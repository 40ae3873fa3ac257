-- What follows an entry of an invoice: on delivery, the VAT that waited for it is deducted (CGI 269-2-a, 271 I). An ordinary invoice has
-- no row here. Both are booked by one version, in one batch; each is validated by itself; neither is replaced without the other.

set local role ledger_owner;
set local search_path = ledger;

-- One at most: a document knows one day of delivery, and a mirror replaces one entry.
create table later_entry (
    entry_id bigint primary key,
    batch_id bigint not null,
    principal bigint not null unique,
    check (principal < entry_id),
    check (principal >> 20 = batch_id and entry_id >> 20 = batch_id)
);
create index on later_entry (batch_id);

create trigger guard after insert on later_entry referencing new table as new_rows for each statement execute function guard();
create trigger refuse before update or delete or truncate on later_entry for each statement execute function refuse();

do $$ begin perform seal_also('later_entry'); end $$;

-- How many entries of a batch follow one that an invoice of it booked; each is of the same document, and no invoice names it.
create function check_following(b batch) returns int language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    following int := (select count(*) from later_entry as l where l.batch_id = b.batch_id);
begin
    if following = 0 then
        return 0;
    end if;
    perform from later_entry as l
    left join entry as e on e.entry_id = l.entry_id
    left join entry as p on p.entry_id = l.principal
    where l.batch_id = b.batch_id and (
        (e.company_id, e.invoice_id, e.revision, e.piece_ref, e.piece_date)
            is distinct from (p.company_id, p.invoice_id, p.revision, p.piece_ref, p.piece_date)
        or not exists (select from invoice as i where i.batch_id = b.batch_id and i.entry_id = l.principal and i.booked)
        or exists (select from invoice as i where i.batch_id = b.batch_id and i.entry_id = l.entry_id)
        or exists (select from reversal as v where v.entry_id = l.entry_id));
    if found then
        raise exception 'batch %: an entry that follows none of its invoice', b.batch_id using errcode = 'LG003';
    end if;
    return following;
end $$;

-- The entry that follows this one and still stands; null when none does.
create function follower_of(p_entry bigint) returns bigint language sql stable
set search_path = ledger, pg_temp as $$
    select l.entry_id from later_entry as l where l.principal = p_entry and is_live(l.entry_id);
$$;

-- What stands and falls with an entry that stands, itself included: first the one that stands for the invoice.
create function together(p_entry bigint) returns bigint[] language sql stable
set search_path = ledger, pg_temp set enable_seqscan = off as $$
    select coalesce((
        select array[l.principal, l.entry_id] from later_entry as l where p_entry in (l.principal, l.entry_id) and is_live(l.entry_id)
    ), array[p_entry]);
$$;

-- Whether an entry that follows another is replaced by the mirror of that one.
create function falls_with(p_entry bigint, p_mirror bigint) returns boolean language sql stable
set search_path = ledger, pg_temp as $$
    select exists (
        select from later_entry as l inner join reversal as v on v.reversed = l.principal
        where l.entry_id = p_entry and v.entry_id = p_mirror
    );
$$;

-- The second of these follows the first.
create function follow(p_entries bigint[]) returns void language sql
set search_path = ledger, pg_temp as $$
    insert into later_entry (entry_id, batch_id, principal)
    select p_entries[2], p_entries[2] >> 20, p_entries[1] where cardinality(p_entries) > 1;
$$;

-- What waits on 445801 and what follows come out together: other lines for one of them leave that account as it is (PCG 1214-44).
create function refuse_unsettled(p_entry bigint, p_account text[], p_cents bigint[]) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    perform from entry as e
    where e.entry_id = p_entry
        and (select sum(l.cents) from unnest(e.account, e.cents) as l (account, cents) where l.account = '445801')
        is distinct from (select sum(l.cents) from unnest(p_account, p_cents) as l (account, cents) where l.account = '445801');
    if found then
        perform refuse_deed('LG063', 'VAT that waits would not come out', p_entry::text);
    end if;
end $$;

-- Neither goes without the other: no entry follows one that is replaced or turned round; one that follows may be turned round alone, not replaced.
create function check_together(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
begin
    perform from (
        select f.entry_id from fate as f where f.batch_id = b.batch_id and f.by_entry is not null
        union all select v.reversed from reversal as v where v.batch_id = b.batch_id
    ) as gone inner join later_entry as l on l.principal = gone.entry_id
    where is_live(l.entry_id);
    if not found then
        perform from fate as f inner join later_entry as l on l.entry_id = f.entry_id
        where f.batch_id = b.batch_id and f.by_entry is not null and is_live(l.principal);
    end if;
    if found then
        raise exception 'batch %: an entry goes without the one that follows it, or stays', b.batch_id using errcode = 'LG003';
    end if;
end $$;

revoke execute on all functions in schema ledger from public;
grant select on later_entry to ledger_app, ledger_consumer, ledger_readonly;
grant insert (entry_id, batch_id, principal) on later_entry to ledger_consumer;

reset role;
