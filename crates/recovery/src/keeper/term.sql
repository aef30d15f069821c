-- The term, in the database that it guards: one row, readable by everybody. Idempotent.
create schema if not exists recovery;
create table if not exists recovery.term (
    only_row boolean primary key default true check (only_row),
    reign bigint not null,
    turn bigint not null
);
insert into recovery.term (reign, turn) values (0, 0) on conflict do nothing;
grant usage on schema recovery to public;
grant select on recovery.term to public;
