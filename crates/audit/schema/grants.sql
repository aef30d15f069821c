-- What copies and reads the trail: it adds lines and changes none.
grant usage on schema audit to standfast_audit;
grant select, insert on audit.line to standfast_audit;
do $$
begin
  if exists (select from pg_tables where schemaname = 'recovery' and tablename = 'term') then
    grant usage on schema recovery to standfast_audit;
    grant select on recovery.term to standfast_audit;
  end if;
end
$$;
