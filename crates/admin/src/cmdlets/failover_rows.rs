//! Single rows of a failover, as the documents' page has them: at an SQL console, or by a cmdlet of
//! their own. Each is the row of the procedure with the same prerequisites.

use shell::{Cmdlet, Effect, Example, Parameter, Type, Value};

use super::{Context, FORCE, IDENTITY, Row};
use crate::deployment::{FailoverRow, FailoverRowOrder};
use crate::fault::Fault;
use crate::roles::CHAT;

/// The database of rooms and posts.
const CONTENT: &str = "mgc";

const DATABASE: Parameter =
    Parameter::new("Database", Type::Text, "The content database: mgc.").at(0).mandatory();

const ATTEST: Parameter = Parameter::new(
    "AttestSiteIsDown",
    Type::Switch,
    "You have made sure that the home site's machines are off. Kept in the journal.",
);

const ACCEPT: Parameter = Parameter::new(
    "AcceptDataLoss",
    Type::Switch,
    "You accept that the measured amount is missing until home returns. Kept in the journal.",
);

const POOL: Parameter = Parameter { position: None, ..IDENTITY };

const NO_SERVER: &str = "leave it out; the topology knows the databases";

pub(super) const ROWS: &[Row] = &[
    Row {
        cmdlet: Cmdlet {
            verb: "Remove",
            noun: "CsDatabaseLogShipping",
            aliases: &["exec sp_delete_log_shipping_secondary_database <Database>"],
            summary: "Removes log shipping from the backup database: the first row of a failover.",
            description: "Invoke-CsPersistentChatFailover does all rows.",
            parameters: &[DATABASE, POOL, ATTEST, ACCEPT, FORCE],
            roles: CHAT,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Remove-CsDatabaseLogShipping mgc -AttestSiteIsDown -WhatIf",
                means: "Tells whether the row can be done now.",
            }],
        },
        handler: |context| Box::pin(row(context, FailoverRow::RemoveLogShipping)),
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Restore",
            noun: "CsDatabase",
            aliases: &["restore database <Database> with recovery"],
            summary: "Brings the backup database online: a row of a failover.",
            description: "It promotes only when every row before it is done, and otherwise names \
                          the next one. Invoke-CsPersistentChatFailover does all rows.",
            parameters: &[DATABASE, POOL, ATTEST, ACCEPT, FORCE],
            roles: CHAT,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Restore-CsDatabase mgc -AttestSiteIsDown -AcceptDataLoss -WhatIf",
                means: "Tells whether the row can be done now.",
            }],
        },
        handler: |context| Box::pin(row(context, FailoverRow::RestoreDatabase)),
    },
    Row {
        cmdlet: Cmdlet {
            verb: "Install",
            noun: "CsMirrorDatabase",
            aliases: &[],
            summary: "Establishes the mirror of the new primary database: a row of a failover.",
            description: "Mirrors are kept warm, so there is little to do; it waits until the \
                          mirror is in sync. Outside a failover a mirror comes by itself.",
            parameters: &[
                POOL,
                Parameter::new(
                    "DatabaseType",
                    Type::Enum(&["PersistentChat"]),
                    "The databases of a Persistent Chat pool.",
                ),
                ATTEST,
                ACCEPT,
                FORCE,
                Parameter::refused("ConfiguredDatabases", NO_SERVER),
                Parameter::refused("FileShare", NO_SERVER),
                Parameter::refused("SqlServerFqdn", NO_SERVER),
                Parameter::refused("SqlInstanceName", NO_SERVER),
                Parameter::refused("ForInstance", NO_SERVER),
                Parameter::refused("ForDefaultInstance", NO_SERVER),
                Parameter::refused("DatabasePathMap", NO_SERVER),
                Parameter::refused("ExcludeDatabaseList", "leave it out; there is just one"),
                Parameter::refused(
                    "DropExistingDatabasesOnMirror",
                    "leave it out; what stands at the mirror is used or kept beside",
                ),
            ],
            roles: CHAT,
            effect: Effect::Changes,
            output: None,
            examples: &[Example {
                line: "Install-CsMirrorDatabase -DatabaseType PersistentChat -WhatIf",
                means: "Tells whether the row can be done now.",
            }],
        },
        handler: |context| Box::pin(row(context, FailoverRow::InstallMirror)),
    },
];

async fn row(context: Context<'_>, row: FailoverRow) -> Result<Vec<Value>, Fault> {
    if let Some(given) = context.given.text("Database").map(str::trim)
        && !given.eq_ignore_ascii_case(CONTENT)
    {
        let message = format!("there is no database `{given}`");
        return Err(Fault::missing(message, format!("the content database is {CONTENT}")));
    }
    let (_, pool) = context.pool("Identity").await?;
    let order = FailoverRowOrder {
        pool,
        row,
        site_is_down: context.given.on(ATTEST.name),
        accept_loss: context.given.on(ACCEPT.name),
        mode: context.mode(),
        who: context.who(),
    };
    let outcome = context.deployment.failover_row(order, context.watch).await?;
    Ok(context.told(outcome))
}
