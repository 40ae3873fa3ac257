-- name: validate(company, journal, entries, actor)
-- record_class: Numbered
-- These entries get their numbers, all of them or none.
select entry_id, journal, fy, number, entry_date, validated_on
from ledger.validate(:company, :journal, :entries::bigint[], :actor);

-- name: validate_with_suspense(company, journal, entries, actor)
-- record_class: Numbered
-- The same, also for entries on a suspense account.
select entry_id, journal, fy, number, entry_date, validated_on
from ledger.validate_with_suspense(:company, :journal, :entries::bigint[], :actor);

-- name: reverse(company, entry, actor)^
-- record_class: Numbered
-- The exact mirror of a validated entry, with its number.
select entry_id, journal, fy, number, entry_date, validated_on
from ledger.reverse_entry(:company, :entry, :actor);

-- name: correct(company, entry, actor, account, auxiliary, cents, vat_rate, currency_cents)$
-- The entry that stands from now on, with these lines.
select ledger.correct(
    :company, :entry, :actor, :account::text[], :auxiliary::text[], :cents::bigint[], :vat_rate::text[], :currency_cents::bigint[]
);

-- name: lines_of(entry)
-- record_class: Line
-- The lines of an entry, in order.
select l.account, l.auxiliary, l.debit_cents - l.credit_cents as cents, l.vat_rate, l.currency, l.currency_cents
from ledger.line as l
where l.entry_id = :entry
order by l.n;

-- name: close(company, fy, through, actor, waiting)!
-- Everything up to that day is closed for good.
select ledger.close_period(:company, :fy::smallint, :through::date, :actor, :waiting);

-- name: lock(company, day, deed, actor, reason)!
-- The month of that day is locked or unlocked.
select ledger.lock_month(:company, :day::date, :deed, :actor, :reason);

-- name: file_vat(company, until, actor, reason)$
-- VAT is declared up to that day; how many entries that wait will move behind it.
select ledger.file_vat(:company, :until::date, :actor, :reason);

-- name: set_automatic(company, is_on, actor)!
-- From now on entries without a remark validate themselves, or wait for somebody again.
select ledger.set_automatic(:company, :is_on::boolean, :actor);
