//! Response Groups moved from pool to pool, without a file.

use admin::deployment::Mode;
use admin::deployment::response_groups::MoveConfiguration;
use admin::{Fault, FaultKind, Watch};
use response_groups::import::Report;
use response_groups::store::{MoveError, Moving};

use super::Reached;
use super::response_groups::fault;

impl Reached {
    /// Moves all that belongs to a pool and is hosted there.
    pub(super) async fn carry_over(
        &self,
        order: MoveConfiguration,
        watch: &Watch,
    ) -> Result<Report, Fault> {
        let source = self.hosting(&order.source)?;
        let destination = self.hosting(&order.destination)?;
        if order.mode == Mode::Act {
            self.heed_pair(&order.source, watch).await?;
            self.heed_pair(&order.destination, watch).await?;
        }
        let names = self.hold_names(watch).await?;
        let elsewhere = self.names_elsewhere(&order.destination, &names, watch).await;
        let how = Moving {
            resolve_name_conflicts: order.resolve_name_conflicts,
            replace: order.replace,
            rehearse: order.mode == Mode::WhatIf,
        };
        let moved = source.move_to(destination, elsewhere, how).await;
        names.end().await;
        moved.map_err(|error| match &error {
            MoveError::Store(error) => fault(error),
            MoveError::Conflicts(_) => conflict("name-conflict", &error),
            MoveError::Differs { .. } => conflict("differs", &error),
            MoveError::AtBoth { .. } => {
                Fault::new(FaultKind::Failed, "at-both", error.to_string(), "")
            }
        })
    }
}

fn conflict(code: &str, error: &MoveError) -> Fault {
    Fault::new(FaultKind::Conflict, code, error.to_string(), "")
}
