//! What a failover imports into the backup pool, and whether it fits beside what that hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use recovery::world::Known;
use response_groups::configuration::Configuration;
use response_groups::import::{self, Conflict, Conflicts, Existing, Incoming, Options, Renamed};
use response_groups::store::{Hosting, ImportError, OwnerFilter};

/// How long a look may take: both pools are asked for all that they have.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many objects that stand against an import are named.
const NAMED_MAX: usize = 20;

/// How a failover imports.
pub(super) const OPTIONS: Options = Options {
    overwrite_owner: false,
    replace_settings: false,
    resolve_name_conflicts: true,
    owner_is_away: true,
};

/// What a look found.
pub(super) struct Fit {
    /// Whether it fits.
    pub(super) fits: Known,
    /// What stands against it, or why that is not known.
    pub(super) misfits: String,
    /// What would be given another name, in sentences.
    pub(super) renamed: Vec<String>,
}

impl Fit {
    /// Nobody has looked.
    pub(super) fn unknown() -> Self {
        Self { fits: Known::Unknown, misfits: String::new(), renamed: Vec::new() }
    }
}

/// What comes in, as a pool that stands in takes it.
pub(super) fn incoming<'a>(
    owner: &'a str,
    configuration: &'a Configuration,
    reign: i64,
) -> Incoming<'a> {
    Incoming {
        configuration,
        source: owner,
        owner: Some(owner),
        reigns: BTreeMap::from([(owner.to_owned(), reign)]),
        given: BTreeSet::new(),
    }
}

/// Whether what `backup` has received of `owner` would fit there; or what the primary pool has
/// now, if that is given because it has more.
pub(super) async fn look(owner: &str, primary: Option<&Hosting>, backup: &Hosting) -> Fit {
    let looked = tokio::time::timeout(PATIENCE, rehearse(owner, primary, backup)).await;
    let unknown = |why: String| {
        let misfits = format!("whether something does is not known: {why}");
        Fit { misfits, ..Fit::unknown() }
    };
    match looked {
        Ok(Ok(renamed)) => {
            let renamed = renamed.iter().map(|it| {
                format!(
                    "The {} {:?} would be called {:?}: its name is taken.",
                    it.kind, it.old, it.new
                )
            });
            Fit { fits: Known::Yes, renamed: renamed.collect(), ..Fit::unknown() }
        }
        Ok(Err(ImportError::Plan(Conflicts(conflicts)))) => {
            let misfits = told(&conflicts, backup.parent());
            Fit { fits: Known::No, misfits, ..Fit::unknown() }
        }
        Ok(Err(ImportError::Store(error))) => unknown(error.to_string()),
        Err(_) => unknown(format!("it was not found out within {PATIENCE:?}")),
    }
}

/// What would be renamed.
async fn rehearse(
    owner: &str,
    primary: Option<&Hosting>,
    backup: &Hosting,
) -> Result<Vec<Renamed>, ImportError<Conflicts>> {
    let (configuration, reign) = match primary {
        Some(primary) => {
            let export = primary.export(&OwnerFilter::Parent).await?;
            let reign = export.standings().get(owner).copied().unwrap_or_default().reign;
            (export.end().await.0, reign)
        }
        None => match backup.received(owner).await? {
            Some(it) => (it.configuration, it.reign),
            // Nothing comes in; another prerequisite is about that.
            None => return Ok(Vec::new()),
        },
    };
    let incoming = incoming(owner, &configuration, reign);
    let plan = |existing: &Existing| import::plan(existing, &incoming, OPTIONS);
    Ok(backup.rehearse(Vec::new(), plan).await?.report.renamed)
}

fn told(conflicts: &[Conflict], backup: &str) -> String {
    let one = |it: &Conflict| match it {
        Conflict::Owner { holder, .. } => {
            format!(
                "the {} {:?} ({}) belongs to {}",
                holder.kind, holder.name, holder.id, holder.owner
            )
        }
        other => other.to_string(),
    };
    let named = conflicts.iter().take(NAMED_MAX).map(one).collect::<Vec<_>>().join("; ");
    let more = match conflicts.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("at {backup} {named}{more}")
}
