//! Administrator roles, named as in the original, and what each may run.

use serde::{Deserialize, Serialize};

use shell::Cmdlet;

/// What an administrator is trusted with. A certificate names exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Everything.
    CsAdministrator,
    /// Everything about Persistent Chat.
    CsPersistentChatAdministrator,
    /// Everything about Response Groups.
    CsResponseGroupAdministrator,
    /// Looking only.
    CsViewOnlyAdministrator,
}

/// The roles of a cmdlet that only looks.
pub(crate) const EVERYBODY: &[&str] = &[
    "CsAdministrator",
    "CsPersistentChatAdministrator",
    "CsResponseGroupAdministrator",
    "CsViewOnlyAdministrator",
];

/// The roles of a cmdlet that changes Persistent Chat.
pub(crate) const CHAT: &[&str] = &["CsAdministrator", "CsPersistentChatAdministrator"];

/// The roles of a cmdlet that changes Response Groups.
pub(crate) const RESPONSE_GROUPS: &[&str] = &["CsAdministrator", "CsResponseGroupAdministrator"];

/// The role of a cmdlet that changes the deployment itself.
pub(crate) const DEPLOYMENT: &[&str] = &["CsAdministrator"];

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 4] = [
        Self::CsAdministrator,
        Self::CsPersistentChatAdministrator,
        Self::CsResponseGroupAdministrator,
        Self::CsViewOnlyAdministrator,
    ];

    /// Its name, as in a certificate.
    pub fn name(self) -> &'static str {
        match self {
            Self::CsAdministrator => "CsAdministrator",
            Self::CsPersistentChatAdministrator => "CsPersistentChatAdministrator",
            Self::CsResponseGroupAdministrator => "CsResponseGroupAdministrator",
            Self::CsViewOnlyAdministrator => "CsViewOnlyAdministrator",
        }
    }

    /// The role called `name`, whatever the case.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(name))
    }

    /// Whether it may run `cmdlet`.
    pub fn may_run(self, cmdlet: &Cmdlet) -> bool {
        cmdlet.roles.contains(&self.name())
    }
}
