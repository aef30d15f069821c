//! The audit trail, read from every database that answers.

use std::time::Duration;

use ::audit::{Query, Trail, merge};
use admin::Fault;
use admin::deployment::AuditTrail;
use futures_util::future::join_all;

use super::{Reached, unavailable};

/// How long a database may take, connecting included.
const PATIENCE: Duration = Duration::from_secs(10);

impl Reached {
    /// The trail of all pools, or of one: the rest of it stands as long as one database answers.
    pub(super) async fn read_audit(
        &self,
        pool: Option<String>,
        query: Query,
    ) -> Result<AuditTrail, Fault> {
        let limit = query.limit;
        // One more than is wanted tells whether there are more.
        let query = Query { limit: limit + 1, ..query };
        let (mut told, mut silent) = (Vec::new(), Vec::new());
        let asked = self.trails.of(pool.as_deref()).map(|trail| read(trail, &query));
        for (pool, read) in join_all(asked).await {
            match read {
                Ok(invocations) => told.push(invocations),
                Err(why) => silent.push((pool, why)),
            }
        }
        if told.is_empty() {
            let why: Vec<_> = silent.iter().map(|(pool, why)| format!("{pool}: {why}")).collect();
            let hint = "each host keeps its own lines in audit/audit.jsonl of its data directory";
            return Err(Fault { hint: hint.to_owned(), ..unavailable(why.join("; ")) });
        }
        let (invocations, has_more) = merge(told, limit);
        Ok(AuditTrail { invocations, has_more, silent })
    }
}

async fn read(trail: &Trail, query: &Query) -> (String, Result<Vec<::audit::Invocation>, String>) {
    let read = match tokio::time::timeout(PATIENCE, trail.read(query)).await {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err(format!("its primary does not answer within {PATIENCE:?}")),
    };
    (trail.pool.clone(), read)
}
