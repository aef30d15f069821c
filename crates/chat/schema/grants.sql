-- What a chat server may do, where its role exists. Run again whenever a role or table is new.
do $$
begin
  if not exists (select from pg_roles where rolname = 'standfast_chat') then
    return;
  end if;
  grant usage on schema chat to standfast_chat;
  grant select on chat.account, chat.room, chat.room_reign, chat.post to standfast_chat;
  grant execute on function chat.append(bigint, bigint, uuid[], uuid[], text[], text[], text[],
    text[], bytea[], text[], timestamptz[], text[]) to standfast_chat;
  if exists (select from pg_tables where schemaname = 'recovery' and tablename = 'term') then
    grant usage on schema recovery to standfast_chat;
    grant select on recovery.term to standfast_chat;
  end if;
end
$$;
