//! The store, with a real database.

mod absurd;
mod atomic;
mod audio;
mod importing;
mod listing;
mod moving;
mod random_moves;
mod received;
mod references;
mod reigns;
mod removal;
mod saving;
mod sign_ins;
mod size;
mod whole;
mod world;
