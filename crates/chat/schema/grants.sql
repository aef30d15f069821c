-- What a chat server may do. Executed again whenever this text or its role is new.
do $$
begin
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
