//! May this server take posts, and what it tells its clients otherwise.

/// What the pool wants of this server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Activity {
    /// It is on the active list: it serves.
    Active,
    /// Others are active: clients are moved to one of them.
    Inactive {
        /// Where to, as `host:port`.
        move_to: String,
    },
    /// Nobody is active: clients stay connected, and posts are answered with "wait".
    #[default]
    NoneActive,
}
