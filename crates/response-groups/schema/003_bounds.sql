-- What is raised step by step never comes so far: nobody counts on with a number that was made up.
-- Rows of before are left as they are.

alter table rgs.owner add constraint owner_bounds
  check (reign <= 281474976710656 and revision <= 281474976710656) not valid;

alter table rgs.received add constraint received_bounds
  check (reign between 0 and 281474976710656 and revision between 0 and 281474976710656) not valid;
