//! The operating pages: prose by hand, rows from the tables that run, compared.

use expect_test::expect_file;

use super::{FAIL_BACK, FAIL_OVER, HOME_ALONE, SALVAGE, SWITCH_OVER, TAKE_OVER, TURN_BACK};
use crate::action::Procedure;

const FAIL_OVER_PROSE: &str = "\
The home site is lost: its machines are off, burnt, or cut off from everything. Nobody decides
this for you, because from the backup site a burnt site and a cut cable look the same.

    standfast status --topology FILE --credential DIR
    standfast shell … -c 'Invoke-CsPersistentChatFailover -WhatIf'

The rehearsal shows how far behind the backup site was when home was last heard. If home cannot be
asked, make sure that its machines are off and stay off, and say so with `-AttestSiteIsDown`. If the
share may lack something, `-AcceptDataLoss` accepts the measured amount. Both are kept in the
journal.

    standfast shell … -c 'Invoke-CsPersistentChatFailover -AttestSiteIsDown -AcceptDataLoss -Force'

If a file of the share is lost or damaged, nothing after it can be replayed, and nothing skips over
it: the failover stops and names the range. Bring the file back from a copy of the share, or give
just that range up with `-AcceptMissingLog`, as the refusal says it; the database is brought online
as it was before the gap, and what came after is salvaged when home returns.

The gate opens when the mirror beside the new primary is in sync, which takes no time where it was
kept warm. One that must be copied first is waited for three minutes; then the command stops and
says so. Run it again to wait on, or add `-WithoutMirror`: posts then stand on one machine until the
mirror has caught up by itself.

The host that was asked runs the procedure: ending the shell does not stop it. See how far it is
with `Get-CsPersistentChatRecovery -Journal`. If that host falls, the same command goes on from
there. If the attestation was wrong, home fences itself when it first hears the higher term, and
what it took meanwhile is salvaged at failback.
";

const FAIL_BACK_PROSE: &str = "\
The home site is back. Start its hosts: they come up in quarantine and touch nothing. Then:

    standfast shell … -c 'Invoke-CsPersistentChatFailback -WhatIf'
    standfast shell … -c 'Invoke-CsPersistentChatFailback -Force'

Everybody works on while home is salvaged, copied and follows; posts wait only for the move itself.
The numbers in the first column are those of the original's page; rows are in another order where
that page would let two databases take posts, or would keep people out during a copy.

The old home directories are kept beside the new ones as `<store>.old-<time>`. Remove them when you
are sure that nothing in them is missed.

If home burnt, give new machines the old names, addresses and certificates and start them empty.
The failback then stops and names the copies that cannot be read, what may be lost with them, and
the command that goes on without: `-AttestCopyIsLost`, which is kept in the journal. What can still
be read is read, one copy is usually enough, and everything is built again from the backup site. A
copy that was attested to be lost and turns up all the same is kept aside.

Until home is promoted the failback can be turned back:
";

const HOME_ALONE_PROSE: &str = "\
Home was down whole, and has come up while the backup site cannot be asked. It stays shut, because
the backup site may have the pool; from home a burnt site and a cut cable look the same. Make sure
that the backup site's machines are off and stay off:

    standfast shell … -c 'Invoke-CsPersistentChatFailback -AttestBackupSiteIsDown -Force'

Home goes on in a reign above any that the backup site can have. If the pool had been failed over,
and home knows it, home has only what was there before that: `-AcceptDataLoss` says so. If home's
primary has lost its data, its mirror goes on. The state stays FailingBack until the backup site is
back, or built again, and Invoke-CsPersistentChatFailback has established log shipping. A backup
site that returns hears home's term and stays shut; the failback puts back what it took meanwhile
and keeps its old copy aside when it is copied anew.
";

const SALVAGE_PROSE: &str = "\
Salvage is the first row of a failback. To put back at once what the lost site never shipped, and
to go home another day:

    standfast shell … -c 'Invoke-CsPersistentChatFailback -SalvageOnly -Force'

Both home copies are opened read-only on a private socket, since either may be the longer. A post
that nobody else has is put back at the end of its room with its own archive id and time, marked as
recovered; one that its sender has repeated meanwhile is left out. A room that only the old copy has
is named with the command that makes it. Lines of the audit trail that nobody else has come along.
";

const SWITCH_OVER_PROSE: &str = "\
Primary and mirror change roles inside a site, for maintenance. When the primary's process or host
is lost, the same happens by itself, without anybody's command.

    standfast shell … -c 'Invoke-CsDatabaseFailover -PoolFqdn POOL -DatabaseType PersistentChat \
-NewPrincipal Mirror'
";

const TAKE_OVER_PROSE: &str = "\
A site that was down whole comes back with the primary that it had, because a mirror that has lost
everybody cannot know what happened meanwhile. If the primary's host does not come back, make sure
that it is off and stays off, and say so:

    standfast shell … -c 'Invoke-CsDatabaseFailover -PoolFqdn POOL -DatabaseType PersistentChat \
-NewPrincipal Mirror -AttestPrimaryIsDown'

The mirror was in sync, so nothing that was acknowledged is lost. The old primary's host follows as
the mirror when it returns.
";

fn page(procedure: &Procedure, prose: &str) -> String {
    format!("# {}\n\n`{}`\n\n{prose}\n{}", procedure.title, procedure.cmdlet, procedure.manual())
}

#[test]
fn the_operating_pages_are_current() {
    let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating");
    let check = |name: &str, text: String| {
        expect_file![format!("{pages}/{name}.md")].assert_eq(&text);
    };
    check("fail-over", page(&FAIL_OVER, FAIL_OVER_PROSE));
    let turn_back = format!("\n# {}\n\n{}", TURN_BACK.title, TURN_BACK.manual());
    check("fail-back", page(&FAIL_BACK, FAIL_BACK_PROSE) + &turn_back);
    check("home-alone", page(&HOME_ALONE, HOME_ALONE_PROSE));
    check("salvage", page(&SALVAGE, SALVAGE_PROSE));
    let take_over = format!("\n# {}\n\n{TAKE_OVER_PROSE}\n{}", TAKE_OVER.title, TAKE_OVER.manual());
    check("switch-over", page(&SWITCH_OVER, SWITCH_OVER_PROSE) + &take_over);
}
