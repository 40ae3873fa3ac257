-- Beyond invoices: papers that a person imports (payments, accruals, statements …), what settles what, and letters.
-- Kind of batch: M papers, letters put or taken away. Whoever writes one holds the book from the beginning: no two at once.

set local role ledger_owner;
set local search_path = ledger;

insert into chart (code, label) values ('512000', 'Banque');
insert into account (company_id, code, label) select c.company_id, '512000', 'Banque' from company as c on conflict do nothing;

alter table batch drop constraint batch_kind_check;
alter table batch add constraint batch_kind_check check (kind in ('I', 'V', 'C', 'P', 'M'));

-- An entry of a paper has no invoice.
alter table entry alter column invoice_id drop not null;
alter table entry alter column revision drop not null;
alter table entry add constraint entry_invoice_check check ((invoice_id is null) = (revision is null));

-- A paper as it was read, and its entries in order. Its kind and number are its natural key; content = digest of what it says.
create table paper (
    batch_id bigint not null,
    company_id text not null,
    kind text not null check (kind ~ '^[a-z_]{2,30}$'),
    number text not null check (number <> '' and number !~ E'[\t\n\r|]'),
    content bytea not null,
    facts jsonb not null,
    entries bigint[] not null check (cardinality(entries) >= 1),
    primary key (company_id, kind, number)
);
create index on paper (batch_id);

-- How much of a line (a payment's) goes to another (an invoice's); signed as the first.
create table settlement (
    batch_id bigint not null,
    entry_id bigint not null,
    n smallint not null,
    settled_entry bigint not null,
    settled_n smallint not null,
    cents bigint not null check (cents <> 0),
    currency_cents bigint,
    primary key (entry_id, n, settled_entry, settled_n),
    check (settled_entry < entry_id)
);
create index on settlement (settled_entry);
create index on settlement (batch_id);

-- Lines of a supplier's account that settle each other. The letters of an account run AA, AB, … without a hole.
create table lettering (
    batch_id bigint not null,
    company_id text not null,
    account text not null,
    auxiliary text not null,
    letter text not null check (letter ~ '^[A-Z]{2,6}$'),
    entry_id bigint not null,
    n smallint not null,
    primary key (company_id, account, auxiliary, letter, entry_id, n)
);
create index on lettering (entry_id);
create index on lettering (batch_id);

-- Letters that a person took away; they are not given again.
create table unlettering (
    batch_id bigint not null,
    company_id text not null,
    account text not null,
    auxiliary text not null,
    letter text not null,
    primary key (company_id, account, auxiliary, letter)
);
create index on unlettering (batch_id);

do $$
declare
    t text;
begin
    foreach t in array array['paper', 'settlement', 'lettering', 'unlettering'] loop
        execute format('create trigger guard after insert on %I referencing new table as new_rows '
            'for each statement execute function guard()', t);
        execute format('create trigger refuse before update or delete or truncate on %I '
            'for each statement execute function refuse()', t);
    end loop;
end $$;

do $$
declare
    t text;
begin
    foreach t in array array['paper', 'settlement', 'lettering', 'unlettering'] loop
        perform seal_also(t);
    end loop;
end $$;

-- Neither replaced nor turned round, and no mirror itself.
create function is_live(p_entry bigint) returns boolean language sql stable
set search_path = ledger, pg_temp as $$
    select not exists (select from fate where entry_id = p_entry and by_entry is not null)
        and not exists (select from reversal where entry_id = p_entry or reversed = p_entry);
$$;

create function letter_in_force(p_entry bigint, p_n int) returns text language sql stable
set search_path = ledger, pg_temp as $$
    select l.letter from lettering as l
    where l.entry_id = p_entry and l.n = p_n and not exists (
        select from unlettering as u
        where (u.company_id, u.account, u.auxiliary, u.letter) = (l.company_id, l.account, l.auxiliary, l.letter)
    ) order by l.batch_id desc limit 1;
$$;

-- 1 → AA, 2 → AB, 677 → AAA.
create function letter_of(p_rank int) returns text language plpgsql immutable
set search_path = ledger, pg_temp as $$
declare
    rest int := p_rank + 26;
    said text := '';
begin
    while rest > 0 loop
        said := chr(65 + (rest - 1) % 26) || said;
        rest := (rest - 1) / 26;
    end loop;
    return said;
end $$;

-- Reversals, and in a person's batch the entries of papers, which check_papers looks at.
create or replace function without_invoice(b batch) returns int language sql stable
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
    select count(*)::int from entry as e
    where e.entry_id >= b.batch_id << 20 and e.entry_id < (b.batch_id + 1) << 20
        and (e.invoice_id is null and b.kind <> 'I' or exists (select from reversal as r where r.entry_id = e.entry_id));
$$;

-- What settles what: one supplier's account, opposite sides, all of the settling line, never more than there is.
create function check_settlements(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
begin
    select s.settled_entry into r from settlement as s
    left join entry as a on a.entry_id = s.entry_id
    left join entry as o on o.entry_id = s.settled_entry
    where s.batch_id = b.batch_id and (
        s.entry_id >> 20 <> b.batch_id or o.company_id is distinct from a.company_id
        or (a.account[s.n], a.auxiliary[s.n]) is distinct from (o.account[s.settled_n], o.auxiliary[s.settled_n])
        or a.auxiliary[s.n] is null or sign(s.cents) <> -sign(o.cents[s.settled_n])) limit 1;
    if found then
        raise exception 'batch %: a settlement of what is not the other side', b.batch_id using errcode = 'LG003';
    end if;
    perform from settlement as s inner join entry as a on a.entry_id = s.entry_id
    where s.batch_id = b.batch_id group by s.entry_id, s.n, a.cents having sum(s.cents) <> a.cents[s.n];
    if found then
        raise exception 'batch %: a line that settles not what it is', b.batch_id using errcode = 'LG003';
    end if;
    select t.settled_entry into r from (select distinct settled_entry, settled_n from settlement where batch_id = b.batch_id) as t
    inner join entry as o on o.entry_id = t.settled_entry
    where not is_live(t.settled_entry)
        or exists (select from lettering as l where l.entry_id = t.settled_entry and l.n = t.settled_n and l.batch_id <> b.batch_id
            and letter_in_force(l.entry_id, l.n) = l.letter)
        or abs(o.cents[t.settled_n]) < (select abs(sum(s.cents)) from settlement as s
            where s.settled_entry = t.settled_entry and s.settled_n = t.settled_n and is_live(s.entry_id)) limit 1;
    if found then
        perform refuse_deed('LG040', 'it is settled already', r.settled_entry::text);
    end if;
end $$;

-- A letter joins at least two live lines of one supplier's account whose sum is zero; a line has one letter; letters have no hole.
create function check_letters(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
begin
    select l.entry_id into r from lettering as l left join entry as e on e.entry_id = l.entry_id
    where l.batch_id = b.batch_id and (l.account not like '40%'
        or (e.company_id, e.account[l.n], e.auxiliary[l.n]) is distinct from (l.company_id, l.account, l.auxiliary)) limit 1;
    if found then
        perform refuse_deed('LG041', 'no line of that account', r.entry_id::text);
    end if;
    select l.entry_id into r from lettering as l where l.batch_id = b.batch_id and not is_live(l.entry_id) limit 1;
    if found then
        perform refuse_deed('LG042', 'replaced or reversed', r.entry_id::text);
    end if;
    select o.letter into r from lettering as l inner join lettering as o on o.entry_id = l.entry_id and o.n = l.n and o.letter <> l.letter
    where l.batch_id = b.batch_id and not exists (
        select from unlettering as u
        where (u.company_id, u.account, u.auxiliary, u.letter) = (o.company_id, o.account, o.auxiliary, o.letter)) limit 1;
    if found then
        perform refuse_deed('LG043', 'already lettered', r.letter);
    end if;
    select sum(e.cents[l.n]) as gap into r from lettering as l inner join entry as e on e.entry_id = l.entry_id
    where l.batch_id = b.batch_id group by l.company_id, l.account, l.auxiliary, l.letter
    having count(*) < 2 or sum(e.cents[l.n]) <> 0 limit 1;
    if found then
        perform refuse_deed('LG044', 'the lines do not settle each other', r.gap::text);
    end if;
    perform from (select distinct company_id, account, auxiliary from lettering where batch_id = b.batch_id) as t
    inner join lettering as l using (company_id, account, auxiliary)
    group by t.company_id, t.account, t.auxiliary
    having letter_of(count(distinct l.letter)::int) <> (array_agg(l.letter order by length(l.letter) desc, l.letter desc))[1]
        or count(distinct (l.letter, l.batch_id)) <> count(distinct l.letter);
    if found then
        raise exception 'batch %: letters with a hole, or used twice', b.batch_id using errcode = 'LG003';
    end if;
    perform from unlettering as u where u.batch_id = b.batch_id and not exists (
        select from lettering as l
        where (l.company_id, l.account, l.auxiliary, l.letter) = (u.company_id, u.account, u.auxiliary, u.letter));
    if found then
        raise exception 'batch %: a letter that nobody gave is taken away', b.batch_id using errcode = 'LG003';
    end if;
end $$;

-- The entries of a batch of papers are its papers'; nothing else is in it. Entries without an invoice come from papers, or replace one.
create function check_paper_entries(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
begin
    perform from (
        select company_id from paper where batch_id = b.batch_id
        union select company_id from lettering where batch_id = b.batch_id
        union select company_id from unlettering where batch_id = b.batch_id
    ) as t where not exists (select from company as c where c.company_id = t.company_id and c.book = b.book);
    if found
        or (select count(*) from entry as e inner join paper as p
                on p.batch_id = b.batch_id and p.company_id = e.company_id and e.entry_id = any(p.entries)
            where e.entry_id >= b.batch_id << 20 and e.entry_id < (b.batch_id + 1) << 20 and e.invoice_id is null) <> b.n
        or (select coalesce(sum(cardinality(p.entries)), 0) from paper as p where p.batch_id = b.batch_id) <> b.n
        or b.n = 0 and not exists (
            select from lettering where batch_id = b.batch_id union all select from unlettering where batch_id = b.batch_id)
        or exists (select from fate where batch_id = b.batch_id)
        or exists (select from reversal where batch_id = b.batch_id) then
        raise exception 'batch %: not what a batch of papers is', b.batch_id using errcode = 'LG003';
    end if;
end $$;

-- What is lettered is neither replaced nor turned round; a replacement of a paper's entry stands for one of the same batch.
create function check_correction(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    r record;
begin
    select letter_in_force(l.entry_id, l.n) as letter into r from lettering as l
    where letter_in_force(l.entry_id, l.n) is not null and l.entry_id in (
        select entry_id from fate where batch_id = b.batch_id and by_entry is not null
        union all select reversed from reversal where batch_id = b.batch_id) limit 1;
    if found then
        perform refuse_deed('LG045', 'it is lettered', r.letter);
    end if;
    perform from entry as e
    where e.entry_id >= b.batch_id << 20 and e.entry_id < (b.batch_id + 1) << 20 and e.invoice_id is null
        and not exists (
            select from (
                select f.entry_id from fate as f where f.batch_id = b.batch_id and f.by_entry is not null
                union all select v.reversed from reversal as v where v.batch_id = b.batch_id
            ) as t inner join entry as o on o.entry_id = t.entry_id and o.invoice_id is null and o.company_id = e.company_id);
    if found then
        raise exception 'batch %: an entry of neither invoice nor paper', b.batch_id using errcode = 'LG003';
    end if;
end $$;

create function check_papers(b batch) returns void language plpgsql
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
begin
    if b.kind in ('M', 'C') then
        perform from chain_head where book = b.book for update;
    end if;
    if b.kind = 'M' then
        perform check_paper_entries(b);
        perform check_settlements(b);
        perform check_letters(b);
    elsif exists (select from paper where batch_id = b.batch_id) or exists (select from settlement where batch_id = b.batch_id)
        or exists (select from lettering where batch_id = b.batch_id) or exists (select from unlettering where batch_id = b.batch_id) then
        raise exception 'batch %: papers in a batch of another kind', b.batch_id using errcode = 'LG003';
    elsif b.kind = 'C' then
        perform check_correction(b);
    end if;
end $$;

-- A person's batch is checked as before, and for papers and letters.
alter function check_deed(batch) rename to check_life;
create function check_deed(b batch) returns void language plpgsql
set search_path = ledger, pg_temp as $$
begin
    perform check_life(b);
    perform check_papers(b);
    perform check_together(b);
end $$;

-- From here to the end of the transaction nobody else writes papers or letters into that company's book.
create function hold_book(p_company text) returns void language plpgsql
set search_path = ledger, pg_temp as $$
declare
    its_book smallint;
begin
    select book into its_book from company where company_id = p_company;
    if not found then
        perform refuse_deed('LG011', 'no such company', p_company);
    end if;
    perform pg_advisory_xact_lock(hashtext('ledger.papers'), its_book);
end $$;

-- An entry by its id, or below zero by its place among those being written: -1 is the first.
create function entry_at(p_batch bigint, p_place bigint) returns bigint language sql immutable
set search_path = ledger, pg_temp as $$ select case when p_place < 0 then p_batch << 20 | (-p_place - 1) else p_place end; $$;

-- The next letter of a supplier's account, on these lines.
create function put_letter(p_batch bigint, p_company text, p_account text, p_auxiliary text, p_entries bigint[], p_places int[])
returns text language plpgsql
set search_path = ledger, pg_temp as $$
declare
    next_letter text;
begin
    select letter_of(count(distinct l.letter)::int + 1) into next_letter from lettering as l
    where l.company_id = p_company and l.account = p_account and l.auxiliary = p_auxiliary;
    insert into lettering (batch_id, company_id, account, auxiliary, letter, entry_id, n)
    select distinct p_batch, p_company, p_account, p_auxiliary, next_letter, entry_at(p_batch, t.entry_id), t.n
    from unnest(p_entries, p_places) as t (entry_id, n);
    return next_letter;
end $$;

-- Fiscal years that these days need and that do not exist yet; a day of an older year goes to the first open one when it is validated.
create function open_years_for(p_company text, p_days date[]) returns void language plpgsql
set search_path = ledger, pg_temp as $$
declare
    too_far date := (select max(d.day) from unnest(p_days) as d (day));
begin
    if too_far > (clock_timestamp() at time zone 'Europe/Paris')::date + interval '10 years' then
        perform refuse_deed('LG046', 'too far ahead', too_far::text);
    end if;
    perform open_year(p_company, d.fy)
    from (select distinct extract(year from u.day)::smallint as fy from unnest(p_days) as u (day)
        where not exists (select from fiscal_year as y where y.company_id = p_company and y.ends >= u.day)) as d order by d.fy;
end $$;

-- All of these papers with their entries, or none. p_said: entries, papers, settlements, letters; an entry below zero is one of its own.
create function book_papers(p_company text, p_actor text, p_said jsonb) returns bigint language plpgsql security definer
set search_path = ledger, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    deed bigint;
    group_of record;
begin
    perform hold_book(p_company);
    perform open_years_for(p_company, array(select (e ->> 'entry_date')::date from jsonb_array_elements(p_said -> 'entries') as e));
    deed := open_deed(p_company, 'M', jsonb_array_length(p_said -> 'entries'), p_actor);
    insert into entry (entry_id, company_id, journal, entry_date, piece_ref, piece_date, label, source_key,
        account, auxiliary, cents, vat_rate, currency, currency_cents)
    select deed << 20 | (s.place - 1), p_company, e.journal, e.entry_date, e.piece_ref, e.piece_date, e.label,
        key_of(deed << 20 | (s.place - 1), e.piece_date), e.account, e.auxiliary, e.cents, e.vat_rate, e.currency, e.currency_cents
    from jsonb_array_elements(p_said -> 'entries') with ordinality as s (said, place)
    cross join lateral jsonb_to_record(s.said) as e (
        journal text, entry_date date, piece_ref text, piece_date date, label text,
        account text[], auxiliary text[], cents bigint[], vat_rate text[], currency text, currency_cents bigint[]
    );
    insert into paper (batch_id, company_id, kind, number, content, facts, entries)
    select deed, p_company, p.kind, p.number, decode(p.content, 'hex'), p.facts,
        array(select entry_at(deed, t.place) from unnest(p.entries) with ordinality as t (place, n) order by t.n)
    from jsonb_to_recordset(p_said -> 'papers') as p (kind text, number text, content text, facts jsonb, entries bigint[]);
    insert into settlement (batch_id, entry_id, n, settled_entry, settled_n, cents, currency_cents)
    select deed, entry_at(deed, s.entry_id), s.n, entry_at(deed, s.settled_entry), s.settled_n, s.cents, s.currency_cents
    from jsonb_to_recordset(p_said -> 'settlements') as s (
        entry_id bigint, n smallint, settled_entry bigint, settled_n smallint, cents bigint, currency_cents bigint
    );
    for group_of in
        select l.* from jsonb_array_elements(p_said -> 'letters') with ordinality as g (said, place)
        cross join lateral jsonb_to_record(g.said) as l (account text, auxiliary text, entries bigint[], places int[]) order by g.place
    loop
        perform put_letter(deed, p_company, group_of.account, group_of.auxiliary, group_of.entries, group_of.places);
    end loop;
    return deed;
end $$;

-- The lines of these entries on one supplier's account settle each other.
create function letter_entries(p_company text, p_actor text, p_account text, p_auxiliary text, p_entries bigint[]) returns text
language plpgsql security definer
set search_path = ledger, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    deed bigint;
    chosen record;
    strange bigint;
begin
    perform hold_book(p_company);
    perform refuse_strange(p_company, p_entries);
    select e.entry_id into strange from entry as e
    where e.entry_id = any(p_entries) and not exists (
        select from unnest(e.account, e.auxiliary) as l (account, auxiliary)
        where l.account = p_account and l.auxiliary = p_auxiliary) limit 1;
    if found then
        perform refuse_deed('LG041', 'no line of that account', strange::text);
    end if;
    select array_agg(e.entry_id) as entries, array_agg(l.n::int) as places into chosen
    from entry as e cross join lateral unnest(e.account, e.auxiliary) with ordinality as l (account, auxiliary, n)
    where e.entry_id = any(p_entries) and l.account = p_account and l.auxiliary = p_auxiliary;
    if chosen.entries is null then
        perform refuse_deed('LG019', 'nothing was chosen', null);
    end if;
    deed := open_deed(p_company, 'M', 0, p_actor);
    return put_letter(deed, p_company, p_account, p_auxiliary, chosen.entries, chosen.places);
end $$;

-- A letter is taken away; its lines may be settled otherwise from now on.
create function unletter(p_company text, p_actor text, p_account text, p_auxiliary text, p_letter text) returns void
language plpgsql security definer
set search_path = ledger, pg_temp as $$
declare
    deed bigint;
begin
    perform hold_book(p_company);
    if not exists (select from lettering as l
            where (l.company_id, l.account, l.auxiliary, l.letter) = (p_company, p_account, p_auxiliary, p_letter))
        or exists (select from unlettering as u
            where (u.company_id, u.account, u.auxiliary, u.letter) = (p_company, p_account, p_auxiliary, p_letter)) then
        perform refuse_deed('LG047', 'no such letter is in force', p_letter);
    end if;
    deed := open_deed(p_company, 'M', 0, p_actor);
    insert into unlettering (batch_id, company_id, account, auxiliary, letter) values (deed, p_company, p_account, p_auxiliary, p_letter);
end $$;

revoke execute on all functions in schema ledger from public;
grant execute on function is_live, letter_in_force, refuse_deed, hold_book, book_papers, letter_entries, unletter
to ledger_app;
grant select on paper, settlement, lettering, unlettering to ledger_app, ledger_readonly;

reset role;
