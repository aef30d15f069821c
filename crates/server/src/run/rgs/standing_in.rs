//! Pools that stand in for each other, as the engine sees them: observed and acted upon through
//! the databases of both.

use recovery::engine::{Deployment, Line, Reply, Seen, Stopped};
use recovery::grounds::{Grounds, Run};
use recovery::journal::What;
use recovery::paired::{Act, Figures, POOL_FAIL_OVER, Pair, PairedPools, Received};
use response_groups::import::{self, Conflicts, Named, Report};
use response_groups::model::SignIn;
use response_groups::store::{Hosting, ImportError, NoAudio, RgsError};

use super::fitting::{self, Fit};
use super::heard::{self, hear};
use super::received::send;

/// How many clashes are named.
const CLASHES_MAX: usize = 10;

/// What an administrator said with the command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) who: String,
    /// The primary pool is down.
    pub(crate) attested: bool,
    /// Changes may be missing.
    pub(crate) consented: bool,
    /// The primary pool's stores that were lost and are made anew.
    pub(crate) lost_copies: Vec<String>,
}

/// One run upon one pair.
#[derive(Debug)]
pub(crate) struct StandingIn {
    pub(super) run: Run,
    pub(super) primary: Hosting,
    pub(super) backup: Hosting,
    said: Said,
    /// Whether it is to import into the backup pool.
    goes_over: bool,
    /// What became of imports, for people.
    pub(super) notes: Vec<String>,
    /// What a failover would rename.
    foreseen: Vec<String>,
    /// Who was signed in at the backup pool when that was brought home.
    pub(super) brought_home: Option<Vec<SignIn>>,
}

impl StandingIn {
    pub(crate) fn new(
        grounds: Grounds,
        (primary, backup): (Hosting, Hosting),
        said: Said,
        procedure: &str,
    ) -> Self {
        let run = Run::new(grounds, primary.parent(), &said.who, procedure);
        let goes_over = procedure == POOL_FAIL_OVER.name;
        let notes = Vec::new();
        let foreseen = Vec::new();
        Self { run, primary, backup, said, goes_over, notes, foreseen, brought_home: None }
    }

    /// Notes that the run begins, and what was said.
    pub(crate) async fn begin(&mut self, procedure: &str) -> Result<(), String> {
        let (_, figures) = self.look().await?;
        let accepted = self.said.consented.then(|| figures.told());
        let (procedure, attested) = (procedure.to_owned(), self.said.attested);
        let lost = self.said.lost_copies.iter();
        let also = lost.map(|it| format!("{it} was attested to be lost, and made anew")).collect();
        self.run.note(What::Began { procedure, attested, accepted, also }).await
    }

    /// Notes how it ended. Gives what people should know.
    pub(crate) async fn end(self, outcome: &Result<(), Stopped>) -> Result<Vec<String>, String> {
        self.run.end(outcome).await?;
        Ok(self.notes)
    }

    /// One look at both pools.
    pub(crate) async fn look(&mut self) -> Result<(Pair, Figures), String> {
        let owner = self.owner().to_owned();
        let (mine, theirs) = tokio::join!(hear(&self.primary, &owner), hear(&self.backup, &owner));
        let received = theirs.as_ref().ok().and_then(|it| it.received.as_ref());
        let lock = self.run.look_at_lock().await;
        let (home, there) = (mine.as_ref().ok(), theirs.as_ref().ok());
        let seen = heard::pair(home, there);
        let fit = if self.goes_over && !seen.is_over() && theirs.is_ok() {
            let has_more = mine.is_ok() && seen.received != Received::All;
            fitting::look(&owner, has_more.then_some(&self.primary), &self.backup).await
        } else {
            Fit::unknown()
        };
        self.foreseen = fit.renamed;
        let pair = Pair {
            lock: lock.lock,
            attested: self.said.attested,
            consented: self.said.consented,
            fits: fit.fits,
            ..seen
        };
        let notes = [&mine, &theirs].into_iter().filter_map(|it| it.as_ref().err().cloned());
        let figures = Figures {
            primary: owner,
            backup: self.backup.parent().to_owned(),
            backup_heard: theirs.is_ok(),
            received: received.map(|it| (it.revision, it.received_at.to_string())),
            objects: received.map(|it| it.objects),
            misfits: fit.misfits,
            clashes: match (&mine, &theirs) {
                (Ok(mine), Ok(theirs)) => {
                    let refused =
                        heard::refused(self.primary.parent(), self.backup.parent(), (mine, theirs));
                    let clashes = clashes(self, &mine.names, &theirs.names);
                    refused.filter(|_| !pair.is_over()).into_iter().chain(clashes).collect()
                }
                _ => Vec::new(),
            },
            notes: notes.collect(),
            other_run: lock.other,
        };
        Ok((pair, figures))
    }

    /// What the last look found that a failover would rename, in sentences.
    pub(crate) fn foreseen(self) -> Vec<String> {
        self.foreseen
    }

    /// The pool whose Response Groups this is about.
    fn owner(&self) -> &str {
        self.primary.parent()
    }

    async fn act(&mut self, act: Act) -> Result<(), String> {
        let owner = self.owner().to_owned();
        match act {
            Act::TakeLock => self.run.lock().await,
            Act::ClosePrimary => self.close_primary(&owner).await.map_err(text),
            Act::CloseBackup => self.backup.close(&owner).await.map_err(text),
            Act::OpenBackup => self.open_backup(&owner).await,
            Act::Receive => send(&self.primary, &self.backup).await.map(|_| ()).map_err(text),
            Act::ImportThere => self.import_there(&owner).await,
            Act::OpenPrimary => self.open_primary(&owner).await,
            Act::Keep => self.keep(&owner).await,
            Act::ImportHome => self.import_home(&owner).await,
            Act::RemoveThere => self.remove_there(&owner).await,
        }
    }

    /// In the next reign; but not where what it had is lost, so that what it has now is not newer
    /// than what was received.
    async fn close_primary(&self, owner: &str) -> Result<(), RgsError> {
        let word = self.backup.word(owner).await?;
        self.primary.heed_received(word.received.unwrap_or_default()).await?;
        // What may not edit any more is closed already.
        self.primary.close(owner).await
    }

    /// From what was received, in a reign above any that is known, in one transaction.
    async fn import_there(&mut self, owner: &str) -> Result<(), String> {
        let received = self.backup.received(owner).await.map_err(text)?;
        let received = received.ok_or("nothing was received yet")?;
        let incoming = fitting::incoming(owner, &received.configuration, received.reign);
        let plan =
            |existing: &import::Existing| import::plan(existing, &incoming, fitting::OPTIONS);
        let imported = self.backup.import(Vec::new(), plan, &mut NoAudio).await;
        self.tell(imported)
    }

    /// In a reign above any to which the primary pool may have come unheard, when it was brought
    /// home just before.
    async fn open_backup(&self, owner: &str) -> Result<(), String> {
        let here = self.backup.standing(owner).await.map_err(text)?;
        let received = self.backup.received_revisions().await.map_err(text)?;
        let received = received.iter().find(|it| it.owner == owner).map_or(0, |it| it.reign);
        let reign = import::above_unheard(here.reign.max(received));
        let reign = reign.ok_or_else(|| format!("there is no reign above {}", here.reign))?;
        self.backup.claim(owner, reign).await.map_err(text)
    }

    /// Keeps, for people, what became of an import.
    pub(super) fn tell(
        &mut self,
        imported: Result<Report, ImportError<Conflicts>>,
    ) -> Result<(), String> {
        let report = imported.map_err(|error| error.to_string())?;
        self.notes.extend(report.renamed.iter().map(|it| {
            format!("The {} {:?} is called {:?} now: its name was taken.", it.kind, it.old, it.new)
        }));
        self.notes.extend(report.left_behind);
        Ok(())
    }
}

/// What the two have made under one name or address, in sentences.
fn clashes(pair: &StandingIn, mine: &[Named], theirs: &[Named]) -> Vec<String> {
    let all = import::clashes(mine, theirs);
    let told = all.iter().take(CLASHES_MAX).map(|(one, other)| {
        let (here, there) = (pair.primary.parent(), pair.backup.parent());
        format!(
            "The {} {:?} at {here} and {:?} at {there} were made unseen by each other and have one \
             name or address: change one of them with Set-.",
            one.kind, one.name, other.name
        )
    });
    let more = all.len().saturating_sub(CLASHES_MAX);
    told.chain((more > 0).then(|| format!("So have {more} more."))).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where errors are mapped")]
pub(super) fn text(error: RgsError) -> String {
    error.to_string()
}

impl Deployment<PairedPools> for StandingIn {
    fn observe(&mut self) -> Reply<'_, Seen<PairedPools>> {
        Box::pin(self.look())
    }

    fn perform(&mut self, act: Act) -> Reply<'_, ()> {
        Box::pin(self.act(act))
    }

    fn note(&mut self, line: Line) -> Reply<'_, ()> {
        Box::pin(self.run.note(What::Row(line)))
    }

    fn release(&mut self) -> Reply<'_, ()> {
        Box::pin(self.run.release())
    }
}
