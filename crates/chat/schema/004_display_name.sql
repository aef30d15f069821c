-- The name of an account that is shown to administrators.
alter table chat.account add column display_name text not null default ''
  check (char_length(display_name) <= 256);
