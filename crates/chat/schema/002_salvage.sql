-- Putting posts back that a lost site had committed and never shipped.

-- Restores posts of an old copy, all or none, in the order in which they are given. Each gets new
-- positions at the end of its room, keeps its archive id and time, and is marked recovered. What
-- stands already is left alone, whether by its archive id or because its sender repeated it.
create function chat.restore(
  archive_ids uuid[], rooms uuid[], positions bigint[], kinds text[], senders text[],
  nicks text[], origin_ids text[], content_hashes bytea[], stanzas text[], sent_ats timestamptz[],
  reigns bigint[]
) returns table (place bigint, outcome text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  given record;
  present record;
  present_reign bigint;
begin
  select t.reign into strict present_reign from recovery.term t;
  perform from chat.room r where r.id = any (rooms) order by r.id for no key update;
  for given in
    select g.*
    from unnest(archive_ids, rooms, positions, kinds, senders, nicks, origin_ids, content_hashes,
                stanzas, sent_ats, reigns)
         with ordinality as g (archive_id, room, position, kind, sender, nick, origin_id,
                               content_hash, stanza, sent_at, reign, place)
    order by g.place
  loop
    place := given.place;
    if exists (select from chat.post p where p.archive_id = given.archive_id) then
      outcome := 'there';
      return next;
      continue;
    end if;
    if given.origin_id is not null and exists (
      select from chat.post p
      where p.room = given.room and p.sender = given.sender
        and p.origin_id = given.origin_id and p.content_hash = given.content_hash)
    then
      outcome := 'repeated';
      return next;
      continue;
    end if;
    select r.next_position, r.reign into strict present from chat.room r where r.id = given.room;
    if present.reign <> present_reign then
      perform chat.begin_reign(given.room, present_reign, present.next_position);
    end if;
    insert into chat.post (archive_id, room, position, kind, sender, nick, origin_id,
                           content_hash, stanza, sent_at, reign,
                           recovered, recovered_at, former_reign, former_position)
    values (given.archive_id, given.room, present.next_position, given.kind, given.sender,
            given.nick, given.origin_id, given.content_hash, given.stanza, given.sent_at,
            present_reign, true, clock_timestamp(), given.reign, given.position);
    update chat.room r set next_position = present.next_position + 1, reign = present_reign
      where r.id = given.room;
    outcome := 'restored';
    return next;
  end loop;
end
$$;

revoke all on function chat.restore(uuid[], uuid[], bigint[], text[], text[], text[], text[],
  bytea[], text[], timestamptz[], bigint[]) from public;
