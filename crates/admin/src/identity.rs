//! Names of pools as the documents spell them, understood.
//!
//! `PersistentChatServer:pool`, `service:PersistentChatServer:pool`, `service: pool`, a role
//! without its colon, blanks anywhere, a `/GUID` behind: all name the pool. What is known to exist
//! decides where two readings are possible.

use shell::is_like;

use crate::fault::Fault;

/// The role of a Persistent Chat pool's servers.
pub const PERSISTENT_CHAT: &str = "PersistentChatServer";

/// The role of a pool's servers that host applications, Response Groups among them.
pub const APPLICATION_SERVER: &str = "ApplicationServer";

/// The roles a service's identity may begin with.
const ROLES: &[&str] = &[
    "ApplicationServer",
    "ArchivingServer",
    "CentralManagement",
    "ConferencingServer",
    "EdgeServer",
    "FileStore",
    "MediationServer",
    "MonitoringServer",
    "PersistentChatComplianceStore",
    "PersistentChatServer",
    "PersistentChatStore",
    "Registrar",
    "UserServer",
    "UserStore",
    "WebServer",
];

/// An identity taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The role it names, in its proper spelling.
    pub role: Option<&'static str>,
    /// What remains: a pool's name, `global`, or a GUID.
    pub name: String,
    /// What stands behind a `/`.
    pub guid: Option<String>,
    /// What was tolerated, in words; empty if it was written properly.
    pub tolerated: Vec<String>,
}

impl Identity {
    /// Takes `text` apart. `known` are the names that exist: they decide whether a name that begins
    /// with a role's word is that role without its colon.
    pub fn read(text: &str, known: &[String]) -> Self {
        let mut tolerated = Vec::new();
        let mut rest = text.trim();
        if let Some(after) = strip_word(rest, "service").and_then(strip_colon) {
            rest = after_blank(after, &mut tolerated);
        }
        let mut role = None;
        let found = ROLES.iter().find_map(|role| Some((*role, strip_word(rest, role)?)));
        if let Some((named, after)) = found {
            let exists = known.iter().any(|it| it.eq_ignore_ascii_case(rest));
            if let Some(after) = strip_colon(after) {
                role = Some(named);
                rest = after_blank(after, &mut tolerated);
            } else if !exists && is_name(after.trim_start()) {
                role = Some(named);
                tolerated.push(format!("a missing colon after {named}"));
                rest = after.trim_start();
            }
        }
        let (name, guid) = match rest.split_once('/') {
            Some((name, guid)) => (name, Some(guid.trim().to_owned())),
            None => (rest, None),
        };
        let name = name.trim().trim_end_matches('.').to_ascii_lowercase();
        Self { role, name, guid, tolerated }
    }

    /// The proper spelling.
    pub fn normalised(&self, default_role: &str) -> String {
        let role = self.role.unwrap_or(default_role);
        match &self.guid {
            Some(guid) => format!("service:{role}:{}/{guid}", self.name),
            None => format!("{role}:{}", self.name),
        }
    }
}

fn strip_colon(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix(':')
}

/// What follows a colon, blanks forgiven.
fn after_blank<'t>(text: &'t str, tolerated: &mut Vec<String>) -> &'t str {
    let rest = text.trim_start();
    if rest.len() < text.len() {
        tolerated.push("a blank after a colon".to_owned());
    }
    rest
}

/// What follows `word` at the beginning of `text`, whatever the case.
fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

/// Whether `text` could be a DNS name of more than one label.
fn is_name(text: &str) -> bool {
    text.contains('.')
        && text.starts_with(|it: char| it.is_ascii_alphanumeric())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '/'))
}

/// The one of `pools` that `given` means: any spelling of an identity, `global`, or nothing if
/// there is just one. Also tells what was tolerated.
pub fn pool(given: Option<&str>, pools: &[String]) -> Result<(String, Vec<String>), Fault> {
    let all = pools.join(", ");
    let only = |how: &str| match pools {
        [only] => Ok((only.clone(), Vec::new())),
        [] => {
            Err(Fault::missing("the topology has no Persistent Chat pool", "publish one that has"))
        }
        _ => Err(Fault::misspoken(
            format!("{how} could mean any of {all}"),
            "name the pool with -Identity",
        )),
    };
    let Some(text) = given else { return only("no identity") };
    let identity = Identity::read(text, pools);
    if let Some(role) = identity.role.filter(|it| !it.starts_with("PersistentChat")) {
        return Err(Fault::misspoken(
            format!("`{text}` names a service of the role {role}"),
            format!("name a pool: {PERSISTENT_CHAT}:{}", pools.first().map_or("<fqdn>", |it| it)),
        ));
    }
    if identity.name == "global" {
        return only("`global`");
    }
    let found = pools.iter().find(|it| it.eq_ignore_ascii_case(&identity.name));
    let Some(found) = found else {
        return Err(Fault::missing(
            format!("there is no Persistent Chat pool `{}`", identity.name),
            if pools.is_empty() {
                "publish a topology that has it".to_owned()
            } else {
                format!("there is {all}")
            },
        ));
    };
    Ok((found.clone(), identity.tolerated))
}

/// The pools whose identity is like `filter`, in any spelling.
pub fn pools_like(filter: &str, pools: &[String]) -> Vec<String> {
    let fits = |fqdn: &&String| {
        [String::new(), format!("{PERSISTENT_CHAT}:"), format!("service:{PERSISTENT_CHAT}:")]
            .iter()
            .any(|prefix| is_like(&format!("{prefix}{fqdn}"), filter))
    };
    pools.iter().filter(fits).cloned().collect()
}

/// The bare address of a user: `name`, `name@domain`, `sip:name@domain`, `xmpp:name@domain`.
pub fn user(given: &str, domain: &str) -> Result<String, Fault> {
    let text = given.trim();
    let bare = ["sip:", "xmpp:"].iter().find_map(|it| strip_word(text, it)).unwrap_or(text);
    let (name, of) = bare.split_once('@').unwrap_or((bare, domain));
    let odd = |it: char| it.is_whitespace() || it.is_control() || "\"&'/:<>@".contains(it);
    if name.is_empty() || name.len() > MAX_NAME || name.contains(odd) {
        return Err(Fault::misspoken(
            format!("`{given}` cannot be the address of a user"),
            format!("write name@{domain}, without blanks and without \" & ' / : < >"),
        ));
    }
    if !of.eq_ignore_ascii_case(domain) {
        return Err(Fault::misspoken(
            format!("`{given}` is not in the domain {domain}"),
            format!("write {name}@{domain}"),
        ));
    }
    Ok(format!("{}@{domain}", name.to_lowercase()))
}

/// The longest local part of an address, in bytes (RFC 7622, section 3.3.1).
const MAX_NAME: usize = 1023;

/// A room's pool and name: `pool\name`, or the name alone where there is one pool.
pub fn room(given: &str, pools: &[String]) -> Result<(String, String), Fault> {
    let (of, name) = match given.split_once('\\') {
        Some((of, name)) => (Some(of), name),
        None => (None, given),
    };
    let (pool, _) = pool(of, pools)?;
    let name = name.trim();
    if name.is_empty() {
        return Err(Fault::misspoken(
            format!("`{given}` names no room"),
            format!("write {pool}\\name"),
        ));
    }
    Ok((pool, name.to_owned()))
}
