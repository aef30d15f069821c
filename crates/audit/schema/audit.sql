-- The audit trail: who ran what, when, from where, with what result. Its lines come from the files
-- of all hosts, and are only ever added.

create schema audit;

create table audit.line (
  -- The same in both lines of one invocation.
  id uuid not null,
  phase text not null check (phase in ('asked', 'done', 'failed', 'refused')),
  at timestamptz not null,
  host text not null,
  who text not null,
  role text not null,
  address text not null,
  cmdlet text not null,
  line text not null,
  objects bigint,
  code text,
  message text,
  -- Where in its host's file the line begins; none if salvage brought it.
  place bigint check (place >= 0),
  -- The order in which lines came here, which is the order of their commits.
  came bigint generated always as identity,
  came_at timestamptz not null default clock_timestamp(),
  primary key (id, phase)
);

-- For reading the newest.
create index line_at on audit.line (at);

-- For how far a host's file has been copied.
create index line_copied on audit.line (host, came) where place is not null;
