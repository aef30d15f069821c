//! The rows of a failback: what a pool that came back has is put aside, what the other pool changed
//! comes home beside it, and the copy there goes.

use std::collections::{BTreeMap, BTreeSet};

use recovery::engine::{Line, Mark};
use recovery::journal::What as Noted;
use recovery::paired::POOL_FAIL_BACK;
use response_groups::compare::{Found, What, compare};
use response_groups::configuration::Configuration;
use response_groups::import::{self, Existing, Fate, Homecoming, Incoming, Options};
use response_groups::model::Object;
use response_groups::store::{FromExport, OwnerFilter};
use uuid::Uuid;

use super::StandingIn;
use super::received::send;
use super::standing_in::text;

/// How many objects one line of the journal names.
const NAMED_IN_A_LINE: usize = 50;

/// How a failback imports.
pub(super) const OPTIONS: Options = Options {
    overwrite_owner: true,
    replace_settings: false,
    resolve_name_conflicts: true,
    owner_is_away: false,
};

impl StandingIn {
    /// Puts aside what the primary pool has; and nobody changes it there any more.
    pub(super) async fn keep(&mut self, owner: &str) -> Result<(), String> {
        let word = self.backup.word(owner).await.map_err(text)?;
        self.primary.heed_received(word.received.unwrap_or_default()).await.map_err(text)?;
        let mine = self.primary.standing(owner).await.map_err(text)?;
        let theirs = word.standings.get(owner).copied().unwrap_or_default();
        if mine.edits && mine.reign < theirs.reign {
            self.primary.yield_to(owner, theirs.reign).await.map_err(text)?;
        }
        send(&self.primary, &self.primary).await.map(|_| ()).map_err(text)
    }

    /// What the backup pool hosts, beside what the primary pool alone has changed, in a reign above
    /// both, in one transaction.
    pub(super) async fn import_home(&mut self, owner: &str) -> Result<(), String> {
        let base = self.backup.received(owner).await.map_err(text)?;
        let base = base.ok_or("what was received there once is gone")?;
        let kept = self.primary.received(owner).await.map_err(text)?;
        let kept = kept.ok_or("what was put aside is gone")?;
        // What is older than that was changed by nobody: it has come back from a backup, or empty.
        let is_older = (kept.reign, kept.revision) < (base.reign, base.revision);
        let given = base.configuration.objects.iter();
        let old = kept.configuration.objects.iter().filter(|_| is_older);
        let given: BTreeSet<Uuid> = given.chain(old).map(Object::id).collect();
        let base = base.configuration;
        let kept = if is_older { base.clone() } else { kept.configuration };
        let of = OwnerFilter::Of(owner.to_owned());
        let export = self.backup.export(&of).await.map_err(text)?;
        let reign = export.standings().get(owner).copied().unwrap_or_default().reign;
        let there = export.configuration();
        let signed_in = there.sign_ins.clone();
        let mut coming = Homecoming::of(&base, there, &kept);
        // Before it is done: whoever goes on after us finds nothing left to compare.
        let foreseen = what_met(owner, &coming, is_older);
        self.note_all(&foreseen, &Mark::Started).await?;
        let all_aside = Homecoming::with_all_aside(&base, there, &kept);
        let backup = self.backup.parent();
        let make = |existing: &Existing, home: &Homecoming| {
            let incoming = incoming(owner, backup, (&home.configuration, reign), &given);
            let options = Options { replace_settings: is_older, ..OPTIONS };
            import::plan(existing, &incoming, options)
        };
        let plan = |existing: &Existing| match make(existing, &coming) {
            // What was in service comes home, whatever stands against the rest.
            Err(_) if coming.met.contains_key(&Fate::Stays) => {
                coming = all_aside;
                make(existing, &coming)
            }
            planned => planned,
        };
        let mut audio = FromExport::new(&export);
        let imported = self.primary.import(Vec::new(), plan, &mut audio).await;
        export.end().await;
        self.tell(imported)?;
        self.brought_home = Some(signed_in);
        let mut told = what_met(owner, &coming, is_older);
        let (_, figures) = self.look().await?;
        let news = if told == foreseen { &[][..] } else { &told };
        self.note_all(news, &Mark::Done).await?;
        self.note_all(&figures.clashes, &Mark::Done).await?;
        told.extend(figures.clashes);
        self.notes.extend(told);
        Ok(())
    }

    /// Lines about the import at home, in the journal.
    async fn note_all(&self, told: &[String], mark: &Mark) -> Result<(), String> {
        for text in told {
            let (procedure, number) = (POOL_FAIL_BACK.name.to_owned(), "9".to_owned());
            let line = Line { procedure, number, text: text.clone(), mark: mark.clone() };
            self.run.note(Noted::Row(line)).await?;
        }
        Ok(())
    }

    /// Just what the primary pool is seen to have, once the backup pool has received that: what
    /// came home is never on one pool only. Whoever has signed in or out there since it was
    /// brought home, or since now if another run has done that, does so at home first.
    pub(super) async fn remove_there(&mut self, owner: &str) -> Result<(), String> {
        let sent = send(&self.primary, &self.backup).await.map_err(text)?;
        let received = self.backup.received_revisions().await.map_err(text)?;
        let received = received.iter().find(|it| it.owner == owner);
        if received.is_none_or(|it| (it.reign, it.revision) < sent) {
            let backup = self.backup.parent();
            return Err(format!("{backup} has not received what {owner} has now"));
        }
        let of = OwnerFilter::Of(owner.to_owned());
        let there = self.backup.export(&of).await.map_err(text)?;
        let (there, mut exported) = there.end().await;
        if let Some(brought_home) = &self.brought_home {
            exported.sign_ins.clone_from(brought_home);
        }
        let home = self.primary.export(&OwnerFilter::Parent).await.map_err(text)?;
        let (home, _) = home.end().await;
        // Whatever an object at home plays is there; what it played elsewhere need not be.
        let missing = compare(&home, &there)
            .into_iter()
            .filter(|it| it.found == Found::OnlyThere && matches!(it.what, What::Object(_)))
            .map(|it| format!("the {} {:?}", it.what, it.name))
            .collect::<Vec<_>>();
        if !missing.is_empty() {
            return Err(format!("{owner} does not have {}", missing.join(", ")));
        }
        self.backup.remove_carried(&exported, &self.primary).await.map_err(text)
    }
}

/// What the primary pool had changed unheard, by its names, each line in a sentence.
fn what_met(owner: &str, coming: &Homecoming, was_older: bool) -> Vec<String> {
    let mut told = Vec::new();
    if was_older {
        told.push(came_back_older(owner));
    }
    for (fate, objects) in &coming.met {
        for some in objects.chunks(NAMED_IN_A_LINE) {
            let names = some.iter().map(|(kind, name)| format!("the {kind} {name:?}"));
            told.push(format!("{fate}: {}.", names.collect::<Vec<_>>().join(", ")));
        }
    }
    told.extend(coming.agents.told());
    if coming.met.keys().any(|it| it.is_aside()) {
        told.push(put_aside(owner));
    }
    told
}

/// How to read what was put aside.
pub(crate) fn put_aside(owner: &str) -> String {
    format!(
        "What {owner} had is put aside until its next failback. To read it: \
         Export-CsRgsConfiguration -Source {owner} -PutAside -FileName FILE, then \
         Compare-CsRgsConfiguration {owner} -FileName FILE."
    )
}

/// Said of a home that was older than what its pair had received.
pub(crate) fn came_back_older(owner: &str) -> String {
    format!("{owner} had come back without what it had, or with less. {}", put_aside(owner))
}

/// What comes in at home from `backup`. What was `given` once and does not come is removed.
pub(super) fn incoming<'a>(
    owner: &'a str,
    backup: &'a str,
    (configuration, reign): (&'a Configuration, i64),
    given: &BTreeSet<Uuid>,
) -> Incoming<'a> {
    Incoming {
        configuration,
        source: backup,
        owner: Some(owner),
        reigns: BTreeMap::from([(owner.to_owned(), reign)]),
        given: given.clone(),
    }
}
