//! The door: everything an administrator does passes here, in this order: row, role, binding,
//! consent, audit, act, audit.

use std::sync::Arc;

use audit::{Audit, Entry, Phase};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shell::{Bound, Cmdlet, Value, bind, line_as_given};
use tracing::{error, info};
use uuid::Uuid;

use crate::cmdlets::{self, Context, Row};
use crate::deployment::Deployment;
use crate::fault::{Fault, FaultKind};
use crate::roles::Role;
use crate::watch::Watch;

/// What a shell sends: a cmdlet and what is given to it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The cmdlet's name.
    pub cmdlet: String,
    /// What is given to it.
    pub parameters: Vec<(String, Value)>,
}

/// The names of the parameters only: their values may be secrets.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.names())
    }
}

impl Request {
    /// What was asked for, without secrets; of a cmdlet that is not known only the names.
    fn line(&self) -> String {
        match cmdlets::find(&self.cmdlet) {
            Some(row) => line_as_given(&row.cmdlet, &self.parameters),
            None => self.names(),
        }
    }

    /// The cmdlet and the names of its parameters, without any value.
    fn names(&self) -> String {
        self.parameters
            .iter()
            .fold(self.cmdlet.clone(), |line, (name, _)| format!("{line} -{name}"))
    }
}

/// A request and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// What is asked.
    pub request: Request,
    /// Who asks: the name in the certificate.
    pub who: String,
    /// In which role.
    pub role: Role,
    /// From which address.
    pub from: String,
}

/// The one door for change. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    deployment: Arc<dyn Deployment>,
    audit: Audit,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("audit", &self.audit).finish_non_exhaustive()
    }
}

impl Door {
    /// A door to `deployment` that audits to `audit`.
    pub fn new(deployment: Arc<dyn Deployment>, audit: Audit) -> Self {
        Self { deployment, audit }
    }

    /// Does what is asked, or says why not. Progress is told to `watch`.
    ///
    /// Dropping the future leaves the act where it was, without its second audit line: run it on
    /// a task of its own.
    pub async fn invoke(&self, asked: Invocation, watch: &Watch) -> Result<Vec<Value>, Fault> {
        let (row, given) = match admit(&asked) {
            Ok(admitted) => admitted,
            Err(fault) => return Err(self.refuse(&asked, fault).await),
        };
        let mut entry = self.asked(&asked, given.line(&row.cmdlet), Phase::Asked);
        entry.cmdlet = row.cmdlet.name();
        if let Err(error) = self.audit.append(entry.clone()).await {
            error!(%error, "cannot write the audit");
            return Err(Fault::new(
                FaultKind::Unavailable,
                "no-audit",
                format!("nothing was done: the audit of {} cannot be written", self.audit.host()),
                "make room on its disk, or ask another host",
            ));
        }
        info!(id = %entry.id, who = entry.who, line = entry.line, "cmdlet asked for");
        let context =
            Context { deployment: &*self.deployment, given: &given, watch, who: &asked.who };
        let result = (row.handler)(context).await;
        entry.at = Timestamp::now();
        entry.phase = match &result {
            Ok(objects) => Phase::Done { objects: objects.len() },
            Err(fault) => {
                Phase::Failed { code: fault.code.clone(), message: fault.message.clone() }
            }
        };
        if let Err(error) = self.audit.append(entry).await {
            error!(%error, "cannot write how a cmdlet ended into the audit");
            watch.warn("How this ended could not be written into the audit: its disk may be full.");
        }
        result
    }

    /// Audits, and tells, that whoever asks has a role that means nothing here.
    pub async fn refuse_role(
        &self,
        (who, role, from): (&str, &str, &str),
        request: &Request,
    ) -> Fault {
        let fault = Fault::new(
            FaultKind::Forbidden,
            "no-role",
            format!("{who} has the role {role}, which means nothing here"),
            "give this administrator a credential with `standfast administrator --role`",
        );
        let entry = self.entry((who, role, from), request, request.line(), refused(&fault));
        self.write_refusal(entry).await;
        fault
    }

    /// Audits a refusal.
    async fn refuse(&self, asked: &Invocation, fault: Fault) -> Fault {
        let entry = self.asked(asked, asked.request.line(), refused(&fault));
        self.write_refusal(entry).await;
        fault
    }

    async fn write_refusal(&self, entry: Entry) {
        if let Err(error) = self.audit.append(entry).await {
            error!(%error, "cannot write a refusal into the audit");
        }
    }

    fn asked(&self, asked: &Invocation, line: String, phase: Phase) -> Entry {
        let by = (asked.who.as_str(), asked.role.name(), asked.from.as_str());
        self.entry(by, &asked.request, line, phase)
    }

    fn entry(
        &self,
        (who, role, from): (&str, &str, &str),
        request: &Request,
        line: String,
        phase: Phase,
    ) -> Entry {
        Entry {
            id: Uuid::now_v7(),
            at: Timestamp::now(),
            host: self.audit.host().to_owned(),
            who: who.to_owned(),
            role: role.to_owned(),
            from: from.to_owned(),
            cmdlet: request.cmdlet.clone(),
            line,
            phase,
        }
    }
}

fn refused(fault: &Fault) -> Phase {
    Phase::Refused { code: fault.code.clone(), message: fault.message.clone() }
}

/// The row and what is given to it, if this may be run.
fn admit(asked: &Invocation) -> Result<(&'static Row, Bound), Fault> {
    let Some(row) = cmdlets::find(&asked.request.cmdlet) else {
        return Err(Fault::new(
            FaultKind::Missing,
            "unknown-cmdlet",
            format!("this host has no cmdlet `{}`", asked.request.cmdlet),
            "shell and host may be of different versions; `Get-Help` lists what the shell knows",
        ));
    };
    if !asked.role.may_run(&row.cmdlet) {
        return Err(forbidden(&row.cmdlet, asked.role));
    }
    let given = bind(&row.cmdlet, asked.request.parameters.clone())?;
    let consented = given.confirm() == Some(false) || given.on("Force") || given.what_if();
    if given.is_grave(&row.cmdlet) && !consented {
        return Err(Fault::new(
            FaultKind::Unsafe,
            "needs-consent",
            format!("{} changes what is hard to change back", row.cmdlet.name()),
            "look at it with -WhatIf, then repeat with -Confirm:$false",
        ));
    }
    Ok((row, given))
}

fn forbidden(cmdlet: &Cmdlet, role: Role) -> Fault {
    Fault::new(
        FaultKind::Forbidden,
        "forbidden",
        format!("the role {} may not run {}", role.name(), cmdlet.name()),
        format!("ask an administrator with the role {}", cmdlet.roles.join(" or ")),
    )
}
