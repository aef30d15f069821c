//! A failover that stopped before the backup pool stood in: the primary pool is opened again.

use recovery::engine::{self, Line, Stopped};
use recovery::paired::{Act, POOL_FAIL_BACK, PairedPools};
use recovery::world::{Known, Lock, Reach};

use super::StandingIn;

impl StandingIn {
    /// After a failover that stopped: lets the primary pool's own be changed there again, if the
    /// backup pool does not stand in. Gives what an administrator should know besides why it
    /// stopped; nothing where nothing was closed.
    pub(crate) async fn turn_back(
        &mut self,
        watch: &mut (dyn FnMut(&Line) + Send),
    ) -> Option<String> {
        let owner = self.primary.parent().to_owned();
        let state = format!("Get-CsPoolFailoverState {owner}");
        let back = format!("{} -PoolFqdn {owner}", POOL_FAIL_BACK.cmdlet);
        let pair = match self.look().await {
            Ok((pair, _)) => pair,
            Err(why) => {
                return Some(format!(
                    "where they can be changed now is not known ({why}): {state}"
                ));
            }
        };
        let closed = pair.primary.reach == Reach::Up && pair.primary.edits == Known::No;
        if pair.lock == Lock::Others || pair.is_over() || pair.has_lost() || !closed {
            return None;
        }
        match self.open_again(watch).await {
            Ok(()) => Some(format!("the Response Groups of {owner} can be changed there again")),
            Err(why) => Some(format!(
                "nobody can change the Response Groups of {owner} now, and opening them again \
                 failed ({why}): once both pools answer, {back} does it"
            )),
        }
    }

    /// The rows of the failback as far as that.
    async fn open_again(&mut self, watch: &mut (dyn FnMut(&Line) + Send)) -> Result<(), Stopped> {
        for row in POOL_FAIL_BACK.steps.iter().filter(|it| it.act != Act::TakeLock) {
            engine::run_row::<PairedPools>(&POOL_FAIL_BACK, row, self, watch).await?;
            if row.act == Act::OpenPrimary {
                break;
            }
        }
        Ok(())
    }

    /// Lets the primary pool change its own again, in a higher reign, and tells the backup pool.
    pub(super) async fn open_primary(&self, owner: &str) -> Result<(), String> {
        // An import whose end was not heard is over by then.
        let there = self.backup.settled_standing(owner).await.map_err(|it| it.to_string())?;
        let here = self.primary.standing(owner).await.map_err(|it| it.to_string())?;
        if here.edits {
            return Ok(());
        }
        if here.reign <= there.reign {
            let backup = self.backup.parent();
            return Err(format!("{backup} has taken over what belongs to {owner}"));
        }
        self.primary.take_over(owner).await.map_err(|it| it.to_string())?;
        let sent = super::received::send(&self.primary, &self.backup).await;
        sent.map(|_| ()).map_err(|it| it.to_string())
    }
}
