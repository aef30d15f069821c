//! `CsPoolBackupRelationship`: which pools stand in for each other.

use shell::{Cmdlet, Effect, Example, FromPipeline, Object, Output, Parameter, Type, Value};

use super::{Context, Row};
use crate::deployment::Reply;
use crate::fault::Fault;
use crate::roles::EVERYBODY;

const OUTPUT: Output =
    Output { kind: "PoolBackupRelationship", properties: &["PoolFqdn", "BackupPoolFqdn"] };

pub(super) const ROWS: &[Row] = &[Row {
    cmdlet: Cmdlet {
        verb: "Get",
        noun: "CsPoolBackupRelationship",
        aliases: &[],
        summary: "Tells which pool stands in for a pool that is lost.",
        description: "",
        parameters: &[Parameter::new("PoolFqdn", Type::Text, "One pool; all if left out.")
            .at(0)
            .piped(FromPipeline::ByName)
            .offers("front-end pool")],
        roles: EVERYBODY,
        effect: Effect::Reads,
        output: Some(OUTPUT),
        examples: &[Example {
            line: "Get-CsPoolBackupRelationship -PoolFqdn primary.contoso.com",
            means: "Tells the pool's partner.",
        }],
    },
    handler: get,
}];

fn get(context: Context<'_>) -> Reply<'_, Vec<Value>> {
    Box::pin(async move {
        let pools = context.response_groups().front_end_pools().await?;
        let wanted = context.given.text("PoolFqdn").map(str::trim);
        let is_wanted = |fqdn: &str| wanted.is_none_or(|it| it.eq_ignore_ascii_case(fqdn));
        let chosen: Vec<_> = pools.iter().filter(|it| is_wanted(&it.fqdn)).collect();
        if let (Some(wanted), true) = (wanted, chosen.is_empty()) {
            let message = format!("there is no pool `{wanted}` that hosts Response Groups");
            return Err(Fault::missing(message, "`Get-CsService -ApplicationServer` lists them"));
        }
        let object = |pool: &str, partner: Option<String>| {
            let it = Object::new(OUTPUT.kind).with("PoolFqdn", pool);
            Value::Object(it.with("BackupPoolFqdn", partner))
        };
        Ok(chosen.into_iter().map(|it| object(&it.fqdn, it.backup_pool.clone())).collect())
    })
}
