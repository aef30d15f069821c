-- The role with which hosts copy and read the trail, in a server that was made without it.
do $$
begin
  create role standfast_audit login;
  alter role standfast_audit set synchronous_commit = 'on';
exception when duplicate_object or unique_violation then
  -- Somebody else made it in this moment, for another database.
  null;
end
$$;
