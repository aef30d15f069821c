//! The table of cmdlets: one file per noun, each row with its handler.
//!
//! A handler turns what was given into an order, and what comes back into objects with the
//! original's property names. It decides nothing else.

mod active_server;
mod audit_trail;
mod connection;
mod database;
mod failover;
mod failover_rows;
mod pairing;
mod pool_move;
mod pool_state;
mod recovery;
mod rgs;
mod room;
mod service;
mod topology;
mod user;

use shell::{Bound, Catalogue, Cmdlet, FromPipeline, Object, Parameter, Type, Value, help};

use crate::deployment::response_groups::ResponseGroups;
use crate::deployment::{Deployment, Layout, Mode, Outcome, Reply};
use crate::fault::Fault;
use crate::identity;
use crate::watch::Watch;

/// A cmdlet and what runs it.
#[derive(Debug)]
pub struct Row {
    /// What it is called and takes.
    pub cmdlet: Cmdlet,
    pub(crate) handler: Handler,
}

pub(crate) type Handler = for<'a> fn(Context<'a>) -> Reply<'a, Vec<Value>>;

/// What a handler works with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) deployment: &'a dyn Deployment,
    pub(crate) given: &'a Bound,
    pub(crate) watch: &'a Watch,
    pub(crate) who: &'a str,
}

/// Every cmdlet, by noun.
pub static CMDLETS: &[&[Row]] = &[
    pool_state::ROWS,
    active_server::ROWS,
    service::ROWS,
    pairing::ROWS,
    pool_move::ROWS,
    database::ROWS,
    topology::ROWS,
    failover::ROWS,
    failover_rows::ROWS,
    connection::ROWS,
    recovery::ROWS,
    audit_trail::ROWS,
    user::ROWS,
    room::ROWS,
    rgs::workflow::ROWS,
    rgs::queue::ROWS,
    rgs::agent_group::ROWS,
    rgs::hours::ROWS,
    rgs::holidays::ROWS,
    rgs::action::ROWS,
    rgs::settings::ROWS,
    rgs::sign_ins::ROWS,
    rgs::audio::ROWS,
    rgs::carry::ROWS,
    rgs::moving::ROWS,
];

/// Every row.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    CMDLETS.iter().copied().flatten()
}

/// The row of the cmdlet called `name`, whatever the case.
pub fn find(name: &str) -> Option<&'static Row> {
    rows().find(|it| it.cmdlet.goes_by(name))
}

/// Everything a shell can run: these and the language's own.
pub fn catalogue() -> Catalogue {
    Catalogue::new(rows().map(|it| &it.cmdlet))
}

/// What completion offers where a parameter says so, as the line that lists it.
pub const OFFERS: &[(&str, &str)] = &[
    ("pool", "(Get-CsService).PoolFqdn"),
    ("chat pool", "(Get-CsService -PersistentChatServer).PoolFqdn"),
    ("front-end pool", "(Get-CsService -ApplicationServer).PoolFqdn"),
    ("server", "(Get-CsService -PersistentChatServer).Servers"),
    ("room", "(Get-CsPersistentChatRoom).Identity"),
    ("user", "(Get-CsPersistentChatUser).Identity"),
    ("CsRgsWorkflow", "(Get-CsRgsWorkflow -ShowAll).Name"),
    ("CsRgsQueue", "(Get-CsRgsQueue -ShowAll).Name"),
    ("CsRgsAgentGroup", "(Get-CsRgsAgentGroup -ShowAll).Name"),
    ("CsRgsHoursOfBusiness", "(Get-CsRgsHoursOfBusiness -ShowAll).Name"),
    ("CsRgsHolidaySet", "(Get-CsRgsHolidaySet -ShowAll).Name"),
];

/// `docs/reference/cmdlets.md`.
pub fn reference_page() -> String {
    let mut page = "# Cmdlets\n\nMade from the table of cmdlets by a test; `Get-Help` shows the \
                    same in the shell. Every cmdlet takes `-Verbose`. Names of cmdlets and \
                    parameters may be written in any case, parameters also by their first letters \
                    as long as these are unambiguous.\n"
        .to_owned();
    let mut sorted: Vec<&Row> = rows().collect();
    sorted.sort_by_key(|it| (it.cmdlet.noun, it.cmdlet.verb));
    for row in sorted {
        page.push('\n');
        page.push_str(&help::reference(&row.cmdlet));
    }
    page.push_str("\n# The language's own cmdlets\n");
    for cmdlet in catalogue().rows().filter(|it| it.roles.is_empty()) {
        page.push('\n');
        page.push_str(&help::reference(cmdlet));
    }
    page
}

/// The pool, in any spelling of the documents; may be left out where there is just one.
const IDENTITY: Parameter = Parameter::new(
    "Identity",
    Type::Text,
    "The pool: its name, PersistentChatServer:NAME, service:NAME, or global. May be left out \
     where there is just one pool.",
)
.at(0)
.piped(FromPipeline::ByName)
.offers("chat pool");

/// The pool that accounts and rooms belong to.
const POOL_FQDN: Parameter = Parameter::new(
    "PersistentChatPoolFqdn",
    Type::Text,
    "The pool. May be left out where there is just one.",
)
.offers("chat pool");

const FORCE: Parameter =
    Parameter::new("Force", Type::Switch, "Does not ask, and does not stop at warnings.");

const NO_LOCAL_STORE: Parameter = Parameter::refused(
    "LocalStore",
    "leave it out; every cmdlet reads the site's management store, of which there are no copies",
);

const NO_REPORT: Parameter =
    Parameter::refused("Report", "write what is printed into a file with `| Out-File NAME`");

const NO_DIRECTORY: &str = "leave it out; there is no directory service to tell";

impl Context<'_> {
    fn mode(&self) -> Mode {
        if self.given.what_if() { Mode::WhatIf } else { Mode::Act }
    }

    /// What a cmdlet returns that has returned nothing, or would have done this.
    fn nothing_or(self, would: &str) -> Vec<Value> {
        match self.mode() {
            Mode::Act => Vec::new(),
            Mode::WhatIf => vec![format!("What if: {would}.").into()],
        }
    }

    fn response_groups(&self) -> &dyn ResponseGroups {
        self.deployment.response_groups()
    }

    fn who(&self) -> String {
        self.who.to_owned()
    }

    /// What the topology declares, and the pool that the parameter `name` means.
    async fn pool(&self, name: &str) -> Result<(Layout, String), Fault> {
        let layout = self.deployment.layout().await?;
        let given = self.given.text(name);
        let (pool, tolerated) = identity::pool(given, &fqdns(&layout))?;
        if let (Some(given), false) = (given, tolerated.is_empty()) {
            let how = tolerated.join(" and ");
            let role = identity::PERSISTENT_CHAT;
            self.watch.note(format!("`{given}` is read as {role}:{pool}, in spite of {how}."));
        }
        Ok((layout, pool))
    }

    /// What an order returns: its rows when nothing was done, otherwise nothing.
    fn told(&self, outcome: Outcome) -> Vec<Value> {
        outcome.notes.into_iter().for_each(|it| self.watch.note(it));
        outcome.warnings.into_iter().for_each(|it| self.watch.warn(it));
        match self.mode() {
            Mode::Act => Vec::new(),
            Mode::WhatIf => outcome
                .steps
                .into_iter()
                .map(|it| {
                    let object = Object::new("ProcedureStep")
                        .in_table()
                        .with("Step", it.number)
                        .with("State", it.state.words())
                        .with("Text", it.text);
                    Value::Object(object)
                })
                .collect(),
        }
    }
}

/// The names of the pools.
fn fqdns(layout: &Layout) -> Vec<String> {
    layout.pools.iter().map(|it| it.fqdn.clone()).collect()
}

/// The identity of a pool, as the original prints it.
fn printed(fqdn: &str) -> String {
    format!("{}:{fqdn}", identity::PERSISTENT_CHAT)
}
