-- What a server of the pool may do, where its role exists. Run again whenever a role or table is
-- new.
do $$
begin
  if not exists (select from pg_roles where rolname = 'standfast_rgs') then
    return;
  end if;
  grant usage on schema rgs to standfast_rgs;
  grant select, insert, update, delete on all tables in schema rgs to standfast_rgs;
  if exists (select from pg_tables where schemaname = 'recovery' and tablename = 'term') then
    grant usage on schema recovery to standfast_rgs;
    grant select on recovery.term to standfast_rgs;
  end if;
end
$$;
