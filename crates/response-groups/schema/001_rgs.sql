-- The configuration of Response Groups that one pool hosts; of each owner who may edit it and what
-- it has come to; and what was received of other pools.
--
-- A reference is a row of a table of its own. It carries the owner, so that no object refers to
-- one that belongs to somebody else: what is exported of one owner is whole. (Audio files go along
-- with whatever plays them, whoever owns them.) References are looked at when a transaction ends,
-- so that rows may be written in any order.

create schema rgs;

create table rgs.owner (
  name text primary key check (name <> '' and name = lower(name)),
  -- Raised when another pool becomes the one that may edit.
  reign bigint not null default 0 check (reign >= 0),
  edits boolean not null,
  -- Raised by each transaction that changes anything of this owner.
  revision bigint not null default 0 check (revision >= 0)
);

-- The bytes of audio files, each once, however many files have them.
create table rgs.content (
  sha256 bytea primary key,
  content bytea not null check (octet_length(content) <= 4194304),
  check (sha256 = sha256(content))
);
alter table rgs.content alter column content set storage external;

create table rgs.audio (
  id uuid primary key,
  owner text not null references rgs.owner,
  original_file_name text not null check (original_file_name <> ''),
  sha256 bytea not null references rgs.content,
  imported_at timestamptz not null default now()
);
create index audio_content on rgs.audio (sha256);

-- A version is the owner's revision in the transaction that last wrote the row.
-- A key is a name as names are compared.

create table rgs.agent_group (
  id uuid primary key,
  owner text not null references rgs.owner,
  name text not null check (name <> '' and name !~ '[<>]'),
  name_key text not null,
  version bigint not null,
  description text,
  participation_policy text not null check (participation_policy in ('Informal', 'Formal')),
  agent_alert_time smallint not null check (agent_alert_time between 10 and 600),
  routing_method text not null check (
    routing_method in ('LongestIdle', 'RoundRobin', 'Serial', 'Parallel', 'Attendant')),
  distribution_group_address text,
  agents_by_uri text[] not null,
  check (distribution_group_address is null or cardinality(agents_by_uri) = 0),
  unique (id, owner),
  constraint agent_group_name unique (name_key) deferrable initially deferred
);
create index agent_group_owner on rgs.agent_group (owner);

create table rgs.queue (
  id uuid primary key,
  owner text not null references rgs.owner,
  name text not null check (name <> '' and name !~ '[<>]'),
  name_key text not null,
  version bigint not null,
  description text,
  timeout_action jsonb,
  overflow_action jsonb,
  timeout_threshold integer check (timeout_threshold between 10 and 65535),
  overflow_threshold smallint check (overflow_threshold between 0 and 1000),
  overflow_candidate text not null check (overflow_candidate in ('NewestCall', 'OldestCall')),
  check (timeout_action ->> 'Action' <> 'TransferToQuestion'),
  check (overflow_action ->> 'Action' <> 'TransferToQuestion'),
  unique (id, owner),
  constraint queue_name unique (name_key) deferrable initially deferred
);
create index queue_owner on rgs.queue (owner);

create table rgs.hours_of_business (
  id uuid primary key,
  owner text not null references rgs.owner,
  name text not null check (name <> '' and name !~ '[<>]'),
  name_key text not null,
  version bigint not null,
  custom boolean not null,
  days jsonb not null check (jsonb_array_length(days) = 7),
  unique (id, owner),
  unique (id, owner, custom),
  constraint hours_of_business_name unique (name_key) deferrable initially deferred
);
create index hours_of_business_owner on rgs.hours_of_business (owner);

create table rgs.holiday_set (
  id uuid primary key,
  owner text not null references rgs.owner,
  name text not null check (name <> '' and name !~ '[<>]'),
  name_key text not null,
  version bigint not null,
  holiday_list jsonb not null check (jsonb_array_length(holiday_list) > 0),
  unique (id, owner),
  constraint holiday_set_name unique (name_key) deferrable initially deferred
);
create index holiday_set_owner on rgs.holiday_set (owner);

create table rgs.workflow (
  id uuid primary key,
  owner text not null references rgs.owner,
  name text not null check (name <> '' and name !~ '[<>]'),
  name_key text not null,
  version bigint not null,
  description text,
  primary_uri text not null,
  primary_uri_key text not null,
  line_uri text check (line_uri ~* '^tel:\+[0-9]+$'),
  display_number text,
  active boolean not null,
  anonymous boolean not null,
  managed boolean not null,
  managers_by_uri text[] not null,
  enabled_for_federation boolean not null,
  language text not null,
  time_zone text,
  default_action jsonb,
  non_business_hours_action jsonb,
  holiday_action jsonb,
  custom_music_on_hold_file jsonb,
  check (not active or default_action is not null),
  check (not managed or cardinality(managers_by_uri) > 0),
  check (default_action ->> 'Action' in ('TransferToQueue', 'TransferToQuestion')),
  check (non_business_hours_action ->> 'Action' not in ('TransferToQueue', 'TransferToQuestion')),
  check (holiday_action ->> 'Action' not in ('TransferToQueue', 'TransferToQuestion')),
  unique (id, owner),
  constraint workflow_name unique (name_key) deferrable initially deferred,
  constraint workflow_primary_uri unique (primary_uri_key) deferrable initially deferred
);
create index workflow_owner on rgs.workflow (owner);

-- Application-level settings: one set per owner, so that none is ever lost.
create table rgs.settings (
  owner text primary key references rgs.owner,
  version bigint not null,
  agent_ringback_grace_period smallint not null
    check (agent_ringback_grace_period between 30 and 600),
  default_music_on_hold_file jsonb,
  disable_call_context boolean not null
);

-- Who is signed in to a formal agent group.
create table rgs.sign_in (
  agent_group uuid not null references rgs.agent_group on delete cascade,
  agent text not null check (agent = lower(agent)),
  since timestamptz not null,
  primary key (agent_group, agent)
);

create table rgs.queue_agent_group (
  owner text not null,
  queue uuid not null,
  position integer not null check (position > 0),
  agent_group uuid not null,
  primary key (queue, position),
  unique (queue, agent_group),
  foreign key (queue, owner) references rgs.queue (id, owner)
    on delete cascade deferrable initially deferred,
  foreign key (agent_group, owner) references rgs.agent_group (id, owner)
    deferrable initially deferred
);
create index queue_agent_group_target on rgs.queue_agent_group (agent_group);

-- Hours that are private to one workflow are there only once.
create table rgs.workflow_hours (
  owner text not null,
  workflow uuid primary key,
  hours uuid not null,
  custom boolean not null,
  foreign key (workflow, owner) references rgs.workflow (id, owner)
    on delete cascade deferrable initially deferred,
  foreign key (hours, owner, custom) references rgs.hours_of_business (id, owner, custom)
    on update cascade deferrable initially deferred,
  constraint workflow_hours_private exclude using btree (hours with =) where (custom)
    deferrable initially deferred
);
create index workflow_hours_target on rgs.workflow_hours (hours);

create table rgs.workflow_holiday_set (
  owner text not null,
  workflow uuid not null,
  position integer not null check (position > 0),
  holiday_set uuid not null,
  primary key (workflow, position),
  unique (workflow, holiday_set),
  foreign key (workflow, owner) references rgs.workflow (id, owner)
    on delete cascade deferrable initially deferred,
  foreign key (holiday_set, owner) references rgs.holiday_set (id, owner)
    deferrable initially deferred
);
create index workflow_holiday_set_target on rgs.workflow_holiday_set (holiday_set);

-- The queues to which call actions send callers, of a workflow or of another queue.
create table rgs.transfer (
  owner text not null,
  workflow uuid,
  from_queue uuid,
  queue uuid not null,
  check (num_nonnulls(workflow, from_queue) = 1),
  unique (workflow, queue),
  unique (from_queue, queue),
  foreign key (workflow, owner) references rgs.workflow (id, owner)
    on delete cascade deferrable initially deferred,
  foreign key (from_queue, owner) references rgs.queue (id, owner)
    on delete cascade deferrable initially deferred,
  foreign key (queue, owner) references rgs.queue (id, owner) deferrable initially deferred
);
create index transfer_target on rgs.transfer (queue);

-- The audio files that prompts, workflows and settings play.
create table rgs.audio_use (
  owner text not null,
  workflow uuid,
  queue uuid,
  settings text references rgs.settings on delete cascade deferrable initially deferred,
  audio uuid not null,
  check (num_nonnulls(workflow, queue, settings) = 1),
  check (settings = owner),
  unique (workflow, audio),
  unique (queue, audio),
  unique (settings, audio),
  foreign key (workflow, owner) references rgs.workflow (id, owner)
    on delete cascade deferrable initially deferred,
  foreign key (queue, owner) references rgs.queue (id, owner)
    on delete cascade deferrable initially deferred,
  foreign key (audio) references rgs.audio deferrable initially deferred
);
create index audio_use_target on rgs.audio_use (audio);

-- The newest revision of each owner that its pool has sent. No object is made of it before an
-- import.
create table rgs.received (
  owner text primary key check (owner <> '' and owner = lower(owner)),
  reign bigint not null,
  revision bigint not null,
  received_at timestamptz not null default now(),
  configuration jsonb not null
);

create table rgs.received_audio (
  owner text not null references rgs.received on delete cascade,
  sha256 bytea not null references rgs.content,
  primary key (owner, sha256)
);
create index received_audio_content on rgs.received_audio (sha256);

-- Transactions of late, so that one whose end was not heard of can be looked up.
create table rgs.change (
  id uuid primary key,
  made_at timestamptz not null default now()
);
create index change_made_at on rgs.change (made_at);
