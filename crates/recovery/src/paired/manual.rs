//! The operating page of paired pools: prose by hand, rows from the tables that run, compared.

use expect_test::expect_file;

use super::{POOL_FAIL_BACK, POOL_FAIL_OVER, Procedure};

const FAIL_OVER_PROSE: &str = "\
What belongs to a pool that hosts Response Groups is received by the pool that it is paired with
every few seconds, audio and signed-in agents included. It is kept there as it came: no listing
shows it and no name is taken by it. When the pool is lost, see what was received, and rehearse:

    standfast shell … -c 'Get-CsPoolFailoverState POOL'
    standfast shell … -c 'Invoke-CsPoolFailOver -PoolFqdn POOL -DisasterMode -WhatIf'
    standfast shell … -c 'Invoke-CsPoolFailOver -PoolFqdn POOL -DisasterMode -AcceptDataLoss -Force'

`-DisasterMode` is your word that the pool's hosts are off. A pool that answers needs neither
switch: it is closed for changes and copied once more, and nothing is lost. The Response Groups
still belong to their pool; list them with `-Owner POOL` or `-ShowAll`, and change them at the
backup pool as usual. A name that is taken there is given a number, and the command says so. What
stands against the import at the backup pool is looked for first: the command and `-WhatIf` name it,
and nothing is changed. A failover that fails later, before the backup pool stands in, lets the pool
be changed again; where it could not, it says so, and Invoke-CsPoolFailBack does it.

The host that was asked runs the procedure: ending the shell does not stop it. See how far it is
with `Get-CsPoolFailoverState POOL -Journal`. If that host falls, the same command goes on from
there.

The way by files works beside it, line by line as the documents print it: Export-CsRgsConfiguration
before the day, Import-CsRgsConfiguration into the backup pool while the other one does not answer.
Only one pool at a time may change what belongs to an owner. While the owner's own pool answers, an
imported copy cannot be changed, and at a pool that is not paired with it never; once a pool has
stood in, the other one says so and changes nothing until its Response Groups are brought home, be
it by a file with -OverwriteOwner. A file that is not what the pool has that stands in, or was the
last to, signed-in agents included, is imported at neither of the two, unless -Force gives up what
differs and names it.

If the pool is lost for good, another one takes its place: export what belongs to it where it was
stood in for, import that with -OverwriteOwner at the new pool, and take it out where it was:

    Export-CsRgsConfiguration BACKUP -Owner POOL -FileName C:\\Updated.zip
    Import-CsRgsConfiguration NEW -OverwriteOwner -ReplaceExistingSettings -FileName C:\\Updated.zip
    Export-CsRgsConfiguration BACKUP -Owner POOL -FileName C:\\Last.zip -RemoveExportedConfiguration

The last line is refused if the new pool has not all of it as it is at the backup pool. Do not fail
back a pool that was replaced: it would take over that nothing is left. Take it out of the topology.

What both pools have made under one name or address while they could not see each other stays at
both. Get-CsPoolFailoverState, `standfast status` and the failback name it until it is changed.

Before every change the pool that is paired with the one to be changed is asked whether it stands
in, so a pool that comes back changes nothing from its first moment on. If the pair is not heard
within 4 seconds, the change is made, and a warning says so: if the pair does stand in, it is lost.

A pool may come back without what it had, on new machines or from an old backup, while nobody stands
in for it. It is `Lost` then: it changes nothing, and what its pair has received is not replaced by
less. Fail it over and back; what was changed after the last revision that was received is gone:

    standfast shell … -c 'Invoke-CsPoolFailOver -PoolFqdn POOL -AcceptDataLoss -Force'
    standfast shell … -c 'Invoke-CsPoolFailBack -PoolFqdn POOL -Force'

So a pool that was just made changes nothing before its pair was heard for the first time. Start one
from a backup only while its pair is up.
";

const FAIL_BACK_PROSE: &str = "\
The pool is back and has heard that another stands in for it:

    standfast shell … -c 'Invoke-CsPoolFailBack -PoolFqdn POOL -Force'

The last row takes nothing out at the backup pool before that has received what came home: a
failover right after it brings all of it. A backup pool that is closed, while the pool itself is not
heard, may have given it back: it is opened again only with -DisasterMode -AcceptDataLoss.

Run again, the command goes on where it was interrupted; until the import it can be turned back with
Invoke-CsPoolFailOver. What was removed at the backup pool meanwhile is removed, too, unless
something refers to it that the backup pool never had.

What the pool itself had changed and its pair had not received meets that object by object, and each
such object is named by the command and by `Get-CsPoolFailoverState POOL -Journal`:

| at home, unheard | at the backup pool meanwhile | afterwards |
|---|---|---|
| changed | as it was received | as changed at home |
| changed | changed | as at the backup pool; what home had is put aside |
| changed | removed | removed; what home had is put aside |
| made | not known | as made at home |
| removed | there | there again: remove it once more |

An agent who has signed in or out at one of the two only is as at that one, also where a file brings
them home; those of home are named, and whom the other pool's change of the group lets sign in no
more.

Where a change of home's does not fit beside what comes (an address that is taken), all of them are
put aside. What was put aside is all that the pool had when the failback began. It is kept until the
pool's next failback; read it as a file, and see what differs:

    standfast shell … -c 'Export-CsRgsConfiguration -Source POOL -PutAside -FileName aside.zip'
    standfast shell … -c 'Compare-CsRgsConfiguration POOL -FileName aside.zip'

Where the disk with the pool's database is lost, its mirror's as well if it has one, and the rest of
its site is not, nobody makes a new database unasked. Put a disk in, fail over, and name all stores
of the pool: they are made anew, empty, and all of it comes home.

    standfast shell … -c 'Invoke-CsPoolFailBack -PoolFqdn POOL -AttestCopyIsLost STORE -Force'

What counts as received is what the backup pool was given when it came to stand in: the last
revision that it had received, or, after a failover by files, the file.
";

fn part(procedure: &Procedure, prose: &str) -> String {
    format!("# {}\n\n`{}`\n\n{prose}\n{}", procedure.title, procedure.cmdlet, procedure.manual())
}

#[test]
fn the_operating_page_is_current() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating/pool-fail-over.md");
    let over = part(&POOL_FAIL_OVER, FAIL_OVER_PROSE);
    let back = part(&POOL_FAIL_BACK, FAIL_BACK_PROSE);
    expect_file![page].assert_eq(&format!("{over}\n{back}"));
}
