//! How well the pool is protected, as the product's own shell tells it.

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// The line that asks for it.
pub(crate) const QUESTION: &str = "Get-CsPersistentChatRecovery | ConvertTo-Json -Compress";

/// One answer. What the product does not know is none.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Protection {
    pub(crate) pool_state: String,
    /// The store that is primary.
    pub(crate) primary_database: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) term: Option<String>,
    pub(crate) mirror: Option<String>,
    pub(crate) sites: Vec<String>,
    pub(crate) log_shipping: String,
    pub(crate) behind_bytes: Option<u64>,
    pub(crate) behind: Option<String>,
    pub(crate) measured_at: Option<String>,
}

impl Protection {
    /// Reads the answer to [`QUESTION`].
    pub(crate) fn read(answer: &str) -> anyhow::Result<Self> {
        let answer = answer.trim();
        ensure!(!answer.is_empty(), "the shell tells nothing about the pool");
        let what = || format!("understand what the shell tells: {answer}");
        let answer: serde_json::Value = serde_json::from_str(answer).with_context(what)?;
        let one = match answer {
            serde_json::Value::Array(answers) => answers.into_iter().next().with_context(what)?,
            one => one,
        };
        serde_json::from_value(one).with_context(what)
    }

    /// Every acknowledged commit is on primary and mirror.
    pub(crate) fn is_in_sync(&self) -> bool {
        self.mirror.as_deref().is_some_and(|it| it.starts_with("synchronized"))
    }

    /// The pool uses its home databases and is whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.pool_state == "Normal" && self.is_in_sync() && self.is_shipping()
    }

    /// WAL flows to the backup site.
    pub(crate) fn is_shipping(&self) -> bool {
        self.log_shipping.starts_with("continuous")
    }

    /// The site of that name was heard.
    pub(crate) fn hears(&self, site: &str) -> bool {
        self.sites.iter().any(|it| {
            let words = it.strip_prefix(site).and_then(|it| it.strip_prefix(": "));
            words.is_some_and(|it| !it.starts_with("unknown"))
        })
    }

    /// One line for the audience.
    pub(crate) fn line(&self) -> String {
        let known = |it: &Option<String>| it.clone().unwrap_or_else(|| "unknown".to_owned());
        format!(
            "{}: primary {} ({}), term {}, mirror {}",
            self.pool_state,
            known(&self.primary_database),
            known(&self.place),
            known(&self.term),
            known(&self.mirror),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_pool_with_unknown_parts() {
        let text = r#"{"Identity":"PersistentChatServer:p","PoolState":"Normal",
            "PrimaryDatabase":"north-a","Place":"home","Term":"(1, 1)",
            "Mirror":"synchronized","ExposedSince":null,"Sites":["north: stands by"],
            "LogShipping":"continuous, fed from north-b","BehindBytes":0,
            "Behind":"00:00:00","MeasuredAt":null}"#;
        for text in [text.to_owned(), format!("[{text}]\n")] {
            let protection = Protection::read(&text).unwrap();
            assert!(protection.is_whole(), "{protection:?}");
            assert_eq!(protection.behind_bytes, Some(0));
            assert_eq!(protection.measured_at, None);
        }
        assert!(!Protection::default().is_whole());
        let sites = ["north: stands by", "south: unknown (no answer)"].map(str::to_owned).to_vec();
        let protection = Protection { sites, ..Protection::default() };
        assert!(protection.hears("north") && !protection.hears("south"));
        assert!(!protection.hears("nor"));
        Protection::read("").unwrap_err();
    }
}
