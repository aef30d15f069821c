//! Cmdlets to test with: those of the documents, as far as the language needs them.

use shell::{Catalogue, Cmdlet, Effect, FromPipeline, Output, Parameter, Type};

const IDENTITY: Parameter =
    Parameter::new("Identity", Type::Text, "The pool.").at(0).offers("pool");
const OWNER: Parameter = Parameter::new("Owner", Type::Text, "The pool it belongs to.");
const FILE: Parameter = Parameter::new("FileName", Type::File, "The file.").mandatory();
const SHOW_ALL: Parameter = Parameter::new("ShowAll", Type::Switch, "Of every owner.");

const fn line(
    verb: &'static str,
    noun: &'static str,
    aliases: &'static [&'static str],
    parameters: &'static [Parameter],
) -> Cmdlet {
    Cmdlet { aliases, ..row(verb, noun, Effect::Changes, parameters) }
}

const DATABASE: Parameter = Parameter::new("Database", Type::Text, "Its name.").at(0).mandatory();

const fn row(
    verb: &'static str,
    noun: &'static str,
    effect: Effect,
    parameters: &'static [Parameter],
) -> Cmdlet {
    Cmdlet {
        verb,
        noun,
        aliases: &[],
        summary: "A cmdlet to test with.",
        description: "",
        parameters,
        roles: &["Tester"],
        effect,
        output: Some(Output { kind: "Thing", properties: &["Name"] }),
        examples: &[],
    }
}

const LISTED: &[Parameter] = &[
    IDENTITY.piped(FromPipeline::ByName).sets(&["Owner", "All"]),
    OWNER.sets(&["Owner"]),
    SHOW_ALL.sets(&["All"]),
];

pub(crate) const ROWS: &[Cmdlet] = &[
    row("Get", "CsRgsWorkflow", Effect::Reads, LISTED),
    row("Get", "CsRgsQueue", Effect::Reads, LISTED),
    row("Get", "CsRgsAgentGroup", Effect::Reads, LISTED),
    row("Get", "CsRgsHoursOfBusiness", Effect::Reads, LISTED),
    row("Get", "CsRgsHolidaySet", Effect::Reads, LISTED),
    row(
        "Export",
        "CsRgsConfiguration",
        Effect::Changes,
        &[
            Parameter::new("Source", Type::Text, "The pool to read.").mandatory(),
            OWNER,
            FILE,
            Parameter::new("RemoveExportedConfiguration", Type::Switch, "Deletes what it wrote."),
        ],
    ),
    row(
        "Import",
        "CsRgsConfiguration",
        Effect::Changes,
        &[
            Parameter::new("Destination", Type::Text, "The pool to write.").mandatory(),
            Parameter::new("FileName", Type::Upload, "The file.").mandatory(),
            Parameter::new("OverwriteOwner", Type::Switch, "Makes the pool the owner."),
            Parameter::new("ReplaceExistingRgsSettings", Type::Switch, "Takes the settings, too.")
                .aliases(&["ReplaceExistingSettings"]),
        ],
    ),
    row(
        "Set",
        "CsPersistentChatState",
        Effect::Grave,
        &[
            IDENTITY.piped(FromPipeline::ByName),
            Parameter::new("PoolState", Type::Enum(&["Normal", "FailedOver"]), "The state."),
            Parameter::new("Force", Type::Switch, "Does not ask."),
        ],
    ),
    row(
        "Set",
        "CsPersistentChatActiveServer",
        Effect::Changes,
        &[
            IDENTITY,
            Parameter::new("ActiveServers", Type::ListModifier, "The servers.")
                .mandatory()
                .sets(&["List"]),
            Parameter::new("Swap", Type::Switch, "The others.").mandatory().sets(&["Swap"]),
        ],
    ),
    row(
        "Invoke",
        "CsDatabaseFailover",
        Effect::Changes,
        &[
            Parameter::new("PoolFqdn", Type::Text, "The pool.").mandatory(),
            Parameter::new("DatabaseType", Type::Enum(&["PersistentChat"]), "The databases.")
                .mandatory(),
            Parameter::new("NewPrincipal", Type::Enum(&["Primary", "Mirror"]), "Who is primary.")
                .mandatory(),
        ],
    ),
    row(
        "Publish",
        "CsTopology",
        Effect::Changes,
        &[
            Parameter::new("FileName", Type::FileContent, "The topology.").mandatory(),
            Parameter::refused("Document", "give a file with -FileName"),
        ],
    ),
    row(
        "New",
        "CsThing",
        Effect::Changes,
        &[
            Parameter::new("Name", Type::Text, "Its name.").at(0).mandatory(),
            Parameter::new("Password", Type::Secret, "Its secret.").mandatory(),
            Parameter::new("Size", Type::Int(1, 100), "How large."),
            Parameter::new("Since", Type::DateTime, "From when."),
            Parameter::new("Interval", Type::TimeSpan, "How often."),
            Parameter::new("Open", Type::Bool, "For everybody."),
            Parameter::new("Members", Type::List, "Who."),
            Parameter::new("Note", Type::Text, "Any words.").prose(),
        ],
    ),
    row(
        "Remove",
        "CsThing",
        Effect::GraveWhile("Active"),
        &[
            Parameter::new("Identity", Type::Text, "Which.")
                .at(0)
                .aliases(&["Name"])
                .mandatory()
                .sets(&["Identity"])
                .piped(FromPipeline::ByName),
            Parameter::new("Instance", Type::Object, "Which.")
                .mandatory()
                .sets(&["Instance"])
                .piped(FromPipeline::ByValue),
            Parameter::new("Force", Type::Switch, "Does not ask."),
        ],
    ),
    row("Get", "CsThing", Effect::Reads, &[]),
    row(
        "Set",
        "CsThing",
        Effect::Changes,
        &[Parameter::new("Instance", Type::Object, "As it is to be.")
            .at(0)
            .mandatory()
            .piped(FromPipeline::ByValue)],
    ),
    row(
        "Import",
        "CsRgsAudioFile",
        Effect::Changes,
        &[
            IDENTITY,
            Parameter::new("FileName", Type::Text, "What it is called.").mandatory(),
            Parameter::new("Content", Type::Bytes, "What it holds.").mandatory(),
        ],
    ),
    line(
        "Remove",
        "CsLogShipping",
        &["exec sp_delete_log_shipping_secondary_database <Database>"],
        &[DATABASE],
    ),
    line("Get", "CsDatabaseConnection", &["exec sp_who2"], &[]),
    line(
        "Stop",
        "CsDatabaseConnection",
        &["kill <Spid>"],
        &[Parameter::new("Spid", Type::Int(1, 1 << 30), "Which.").at(0).mandatory()],
    ),
    line("Restore", "CsDatabase", &["restore database <Database> with recovery"], &[DATABASE]),
    row("Install", "CsMirrorDatabase", Effect::Changes, &[]),
];

pub(crate) fn catalogue() -> Catalogue {
    Catalogue::new(ROWS)
}
