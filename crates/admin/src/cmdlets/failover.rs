//! `CsPersistentChatFailover` and `CsPersistentChatFailback`: a pool's moves between its sites.

use shell::{Cmdlet, Effect, Example, Output, Parameter, Type, Value};

use super::pool_state::state;
use super::{Context, FORCE, IDENTITY, Row};
use crate::deployment::{Failback, FailbackPart, Failover, Mode, Reply};
use crate::fault::Fault;
use crate::roles::CHAT;

const OUTPUT: Output = Output {
    kind: "PersistentChatState",
    properties: &["Identity", "PoolState", "PrimaryDatabase", "Place", "Term", "Mirror"],
};

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Invoke",
            noun: "CsPersistentChatFailover",
            aliases: &[],
            summary: "Fails a pool over to its backup site, after the home site is lost.",
            description: "All rows of the procedure, each looked at before and after. Running it \
                          again resumes. It is refused while the home site is alive.\n\n\
                          Where nobody knows whether the home site is off, -AttestSiteIsDown says \
                          that you have made sure. Where home had acknowledged more than was \
                          shipped, the measured amount is shown and -AcceptDataLoss is needed; \
                          what was not shipped is found and put back when home returns.\n\n\
                          Where a file of the share is lost or damaged, nothing after it can be \
                          replayed: the failover stops and names the range. -AcceptMissingLog \
                          gives just that range up, and brings the database online as it was \
                          before it.",
            parameters: &[
                IDENTITY,
                Parameter::new(
                    "AttestSiteIsDown",
                    Type::Switch,
                    "You have made sure that the home site's machines are off. Kept in the \
                     journal.",
                ),
                Parameter::new(
                    "AcceptDataLoss",
                    Type::Switch,
                    "You accept that the measured amount is missing until home returns. Kept in \
                     the journal.",
                ),
                Parameter::new(
                    "AcceptMissingLog",
                    Type::Text,
                    "The range of shipped WAL that you give up because its files are lost or \
                     damaged in the share, just as the refusal names it. Kept in the journal.",
                ),
                WITHOUT_MIRROR,
                FORCE,
            ],
            roles: CHAT,
            effect: Effect::Grave,
            output: Some(OUTPUT),
            examples: &[
                Example {
                    line: "Invoke-CsPersistentChatFailover -Identity lyncpc.dci.discovery.com \
                           -WhatIf",
                    means: "Tells what would be done, what stands in the way, and how far behind \
                            the backup site is.",
                },
                Example {
                    line: "Invoke-CsPersistentChatFailover -Identity lyncpc.dci.discovery.com \
                           -AttestSiteIsDown -AcceptDataLoss",
                    means: "Fails over although home cannot be asked, with the loss that is shown.",
                },
            ],
        },
        handler: fail_over,
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Invoke",
            noun: "CsPersistentChatFailback",
            aliases: &[],
            summary: "Brings a pool home again, after the home site has returned.",
            description: "Salvages first what the home site had taken and never shipped, makes \
                          home a copy of the backup site, moves without a window in which two \
                          databases take posts, and checks mirror and log shipping before the \
                          state says Normal. Until the promotion every step can be turned back.\n\n\
                          A home copy that cannot be read stops it, because that copy may have \
                          posts that nobody else has. If it is lost for good, \
                          -AttestCopyIsLost goes on without it; the refusal names the stores and \
                          what may be lost.",
            parameters: &[
                IDENTITY,
                Parameter::new(
                    "SalvageOnly",
                    Type::Switch,
                    "Only finds what the home site never shipped and puts it back; the pool stays \
                     where it is.",
                )
                .sets(&["Salvage"]),
                Parameter::new(
                    "TurnBack",
                    Type::Switch,
                    "Gives up a failback that has not promoted home yet; the backup site serves \
                     on.",
                )
                .sets(&["TurnBack"]),
                Parameter::new(
                    "AttestBackupSiteIsDown",
                    Type::Switch,
                    "You have made sure that the backup site's machines are off: home serves \
                     without having heard it. Kept in the journal.",
                )
                .sets(&["Alone"]),
                Parameter::new(
                    "AcceptDataLoss",
                    Type::Switch,
                    "The pool had been failed over: you accept that what was said at the backup \
                     site is missing. Kept in the journal.",
                )
                .sets(&["Alone"]),
                Parameter::new(
                    "AttestCopyIsLost",
                    Type::List,
                    "The home stores whose data is gone for good, such as those of a machine that \
                     burnt. What can still be read is salvaged; one that is there is read all the \
                     same. Kept in the journal, with what may be lost.",
                )
                .sets(&["Whole", "Salvage"]),
                WITHOUT_MIRROR.sets(&["Whole", "Alone"]),
                FORCE,
            ],
            roles: CHAT,
            effect: Effect::Grave,
            output: Some(OUTPUT),
            examples: &[
                Example {
                    line: "Invoke-CsPersistentChatFailback -Identity lyncpc.dci.discovery.com \
                           -WhatIf",
                    means: "Tells what would be done.",
                },
                Example {
                    line: "Invoke-CsPersistentChatFailback -Identity lyncpc.dci.discovery.com \
                           -SalvageOnly",
                    means: "Puts back what was not shipped, and leaves the move for later.",
                },
                Example {
                    line: "Invoke-CsPersistentChatFailback -Identity lyncpc.dci.discovery.com \
                           -AttestCopyIsLost mgc-home,mgc-home-mirror",
                    means: "Comes home to new machines: the old ones burnt with their data.",
                },
            ],
        },
        handler: fail_back,
    },
];

const WITHOUT_MIRROR: Parameter = Parameter::new(
    "WithoutMirror",
    Type::Switch,
    "You do not wait for a mirror that answers and takes long: posts stand on one machine until \
     it is in sync. Only where the pool allows that. Kept in the journal.",
);

fn fail_over(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, pool) = context.pool("Identity").await?;
        let order = Failover {
            pool: pool.clone(),
            site_is_down: context.given.on("AttestSiteIsDown"),
            accept_loss: context.given.on("AcceptDataLoss"),
            missing_log: context.given.text("AcceptMissingLog").map(str::to_owned),
            without_mirror: context.given.on("WithoutMirror"),
            mode: context.mode(),
            who: context.who(),
        };
        let outcome = context.deployment.failover(order, context.watch).await?;
        let told = context.told(outcome);
        afterwards(context, &pool, told).await
    })
}

fn fail_back(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let (_, pool) = context.pool("Identity").await?;
        let part = if context.given.on("SalvageOnly") {
            FailbackPart::SalvageOnly
        } else if context.given.on("TurnBack") {
            FailbackPart::TurnBack
        } else if context.given.on("AttestBackupSiteIsDown") {
            FailbackPart::Alone { accept_loss: context.given.on("AcceptDataLoss") }
        } else {
            FailbackPart::Whole
        };
        let order = Failback {
            pool: pool.clone(),
            part,
            lost_copies: context.given.list("AttestCopyIsLost").unwrap_or_default(),
            without_mirror: context.given.on("WithoutMirror"),
            mode: context.mode(),
            who: context.who(),
        };
        let outcome = context.deployment.failback(order, context.watch).await?;
        let told = context.told(outcome);
        afterwards(context, &pool, told).await
    })
}

/// What was told of a rehearsal, or the pool's state after an act.
async fn afterwards(
    context: Context<'_>,
    pool: &str,
    told: Vec<Value>,
) -> Result<Vec<Value>, Fault> {
    if context.mode() == Mode::WhatIf {
        return Ok(told);
    }
    let states = context.deployment.pool_states().await?;
    Ok(states.into_iter().filter(|it| it.fqdn == pool).map(state).collect())
}
