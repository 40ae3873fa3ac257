-- An order is looked at when something came in about it, and as long as something of it waits: a daily scan shows every order of 45 days again,
-- and nearly all of them have nothing new. `news` counts what came in, `news_seen` = how much of it had when it was looked at.
-- depends: 0008_first_things_first

alter table wanted add column news integer not null default 1;
alter table wanted add column news_seen integer not null default 0;
