-- A number is asked for as what it is: Amazon's `documentType` differs for invoices and credit notes.
-- depends: 0006_schedule

alter table wanted add column kind text not null default 'invoice' check (kind in ('invoice', 'credit_note'));
