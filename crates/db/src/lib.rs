//! Connections to the primary, refusing an old term; migrations.
