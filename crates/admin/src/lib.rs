//! The one door for change: cmdlets, roles, audit.
