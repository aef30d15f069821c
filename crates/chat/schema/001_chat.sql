-- Accounts, rooms and posts. Chat servers read tables and write through chat.append alone.

create schema chat;

create table chat.account (
  localpart text primary key,
  salt bytea not null,
  iterations integer not null check (iterations >= 4096),
  stored_key bytea not null check (octet_length(stored_key) = 32),
  server_key bytea not null check (octet_length(server_key) = 32),
  created_at timestamptz not null default now()
);

-- A room's id is made once and never by a sequence: two sites that parted make different ones.
create table chat.room (
  id uuid primary key,
  name text not null unique,
  title text not null default '',
  description text not null default '',
  disabled boolean not null default false,
  next_position bigint not null default 1,
  -- The reign in which the last post took its position.
  reign bigint not null default 0,
  subject text,
  subject_nick text,
  subject_at timestamptz,
  created_at timestamptz not null default now()
) with (fillfactor = 50);

-- Where in a room a reign begins. What stands before the first position of a later reign is what
-- had been shipped of an earlier one.
create table chat.room_reign (
  room uuid not null references chat.room on delete cascade,
  reign bigint not null,
  first_position bigint not null,
  primary key (room, reign)
);

create table chat.post (
  archive_id uuid primary key,
  room uuid not null references chat.room,
  position bigint not null,
  kind text not null check (kind in ('message', 'subject')),
  sender text not null,
  nick text not null,
  origin_id text,
  content_hash bytea not null,
  -- As it is delivered, but for the recipient's address.
  stanza text not null,
  sent_at timestamptz not null,
  reign bigint not null,
  recovered boolean not null default false,
  recovered_at timestamptz,
  former_reign bigint,
  former_position bigint,
  unique (room, position),
  check (recovered = (recovered_at is not null)),
  check (recovered = (former_reign is not null)),
  check (recovered = (former_position is not null))
);

-- Once only: the same sender, room, origin id and content.
create unique index post_once on chat.post (room, sender, origin_id, content_hash)
  where origin_id is not null;

-- For archive queries by time.
create index post_sent on chat.post (room, sent_at);

-- Notes that the room takes its next positions in `reign`. The caller holds the room's row lock.
create function chat.begin_reign(of_room uuid, in_reign bigint, at_position bigint) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into chat.room_reign (room, reign, first_position)
  values (of_room, in_reign, at_position) on conflict do nothing;
$$;

-- Appends a group of posts, all or none, in the term that the caller believes in.
--
-- Each post gets one row: kept (it stands, by this call or by an earlier one with the same archive
-- id), repeated (the same sender sent it before: the first one's id and position), missing or
-- disabled (its room). Positions are taken under the rooms' row locks, in the order of the rooms'
-- ids, so that order in a room is commit order, and so that even a group of nothing but repeats
-- writes WAL and waits for the mirror: its answer proves that the first ones are durable.
create function chat.append(
  in_reign bigint, in_turn bigint,
  archive_ids uuid[], rooms uuid[], kinds text[], senders text[], nicks text[],
  origin_ids text[], content_hashes bytea[], stanzas text[], sent_ats timestamptz[],
  subjects text[]
) returns table (place bigint, outcome text, kept_as uuid, kept_at bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  given record;
  former record;
  current_room uuid;
  current_reign bigint;
  next_free bigint;
begin
  if not exists (select from recovery.term t where t.reign = in_reign and t.turn = in_turn) then
    raise exception 'this is not the primary of term (%, %)', in_reign, in_turn
      using errcode = 'SF001';
  end if;
  perform from chat.room r where r.id = any (rooms) order by r.id for no key update;
  for given in
    select g.*, r.id as known, r.disabled, r.next_position, r.reign as room_reign
    from unnest(archive_ids, rooms, kinds, senders, nicks, origin_ids, content_hashes, stanzas,
                sent_ats, subjects)
         with ordinality as g (archive_id, room, kind, sender, nick, origin_id, content_hash,
                               stanza, sent_at, subject, place)
         left join chat.room r on r.id = g.room
    order by g.room, g.place
  loop
    place := given.place;
    kept_as := null;
    kept_at := null;
    if given.known is null then
      outcome := 'missing';
      return next;
      continue;
    end if;
    if current_room is distinct from given.room then
      current_room := given.room;
      current_reign := given.room_reign;
      next_free := given.next_position;
    end if;
    select p.archive_id, p.position into former
      from chat.post p where p.archive_id = given.archive_id;
    if found then
      outcome := 'kept';
      kept_as := former.archive_id;
      kept_at := former.position;
      return next;
      continue;
    end if;
    if given.origin_id is not null then
      select p.archive_id, p.position into former
        from chat.post p
        where p.room = given.room and p.sender = given.sender
          and p.origin_id = given.origin_id and p.content_hash = given.content_hash;
      if found then
        outcome := 'repeated';
        kept_as := former.archive_id;
        kept_at := former.position;
        return next;
        continue;
      end if;
    end if;
    if given.disabled then
      outcome := 'disabled';
      return next;
      continue;
    end if;
    if current_reign <> in_reign then
      perform chat.begin_reign(given.room, in_reign, next_free);
      current_reign := in_reign;
    end if;
    insert into chat.post (archive_id, room, position, kind, sender, nick, origin_id,
                           content_hash, stanza, sent_at, reign)
    values (given.archive_id, given.room, next_free, given.kind, given.sender, given.nick,
            given.origin_id, given.content_hash, given.stanza, given.sent_at, in_reign);
    update chat.room r
      set next_position = next_free + 1,
          reign = in_reign,
          subject = case given.kind when 'subject' then given.subject else r.subject end,
          subject_nick = case given.kind when 'subject' then given.nick else r.subject_nick end,
          subject_at = case given.kind when 'subject' then given.sent_at else r.subject_at end
      where r.id = given.room;
    outcome := 'kept';
    kept_as := given.archive_id;
    kept_at := next_free;
    next_free := next_free + 1;
    return next;
  end loop;
end
$$;

revoke all on function chat.begin_reign(uuid, bigint, bigint) from public;
revoke all on function chat.append(bigint, bigint, uuid[], uuid[], text[], text[], text[], text[],
  bytea[], text[], timestamptz[], text[]) from public;
