-- What a server of the pool may do. Executed again whenever this text or its role is new.
do $$
begin
  grant usage on schema rgs to standfast_rgs;
  grant select, insert, update, delete on all tables in schema rgs to standfast_rgs;
  if exists (select from pg_tables where schemaname = 'recovery' and tablename = 'term') then
    grant usage on schema recovery to standfast_rgs;
    grant select on recovery.term to standfast_rgs;
  end if;
end
$$;
