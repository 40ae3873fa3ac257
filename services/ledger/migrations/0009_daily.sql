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

reset role;
