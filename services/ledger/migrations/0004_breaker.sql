-- The breaker and the skips are the kernel's tables; here, as everywhere in this schema, the service may not undo what it wrote:
-- it writes trips and reads; resuming and skipping are for the operator's role.

alter table breaker owner to ledger_owner;
alter table skip owner to ledger_owner;

set local role ledger_owner;
set local search_path = ledger;

grant select on breaker, skip to ledger_app;
grant insert (reason, topic, partition, record_offset, refused, seen) on breaker to ledger_app;

reset role;
