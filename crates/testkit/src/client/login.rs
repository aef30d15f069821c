//! From a connection to a bound resource: TLS, SASL, binding, acknowledgements.

use super::find::{Encryption, Target};
use super::lost::Lost;
use super::wire::Wire;
use super::{Client, Login};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsasl::prelude::{Mechname, SASLClient, SASLConfig, State};
use std::io::Cursor;
use xmpp::{Element, ns};

/// How often a server may send us on to another before we give up.
const HOPS_MAX: u32 = 5;

/// The most a SASL exchange may go back and forth.
const SASL_STEPS_MAX: u32 = 10;

/// Tries every server of the domain in order, following `see-other-host`.
pub(super) async fn connect(login: &Login) -> Result<Client, Lost> {
    let targets = super::find::targets(login.dns, &login.domain, login.willing).await?;
    let mut last = None;
    for target in targets {
        match follow(login, target).await {
            Ok(client) => return Ok(client),
            Err(error @ Lost::NotAuthorized(_)) => return Err(error),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| Lost::Nowhere(login.domain.clone())))
}

/// Logs in at one server, or where it sends us.
pub(super) async fn follow(login: &Login, mut target: Target) -> Result<Client, Lost> {
    for _ in 0..HOPS_MAX {
        match connect_to(login, &target).await {
            Err(Lost::Moved(other)) => {
                target = super::find::other_host(login.dns, &other, target.encryption).await?;
            }
            done => return done,
        }
    }
    Err(Lost::Nowhere(format!("sent on {HOPS_MAX} times in a row")))
}

/// Logs in at one server and nowhere else.
pub(super) async fn connect_to(login: &Login, target: &Target) -> Result<Client, Lost> {
    let done = tokio::time::timeout(login.patience, async {
        let mut wire = secure(login, target).await?;
        authenticate(&mut wire, login).await?;
        bind(wire, login, target).await
    });
    done.await.unwrap_or_else(|_| Err(Lost::Silent(format!("login at {}", target.address))))
}

async fn secure(login: &Login, target: &Target) -> Result<Wire, Lost> {
    match target.encryption {
        Encryption::Direct => Wire::connect_tls(target.address, &login.domain, &login.tls).await,
        Encryption::StartTls => {
            let wire = Wire::connect(target.address).await?;
            wire.start_tls(&login.domain, &login.tls).await
        }
    }
}

async fn authenticate(wire: &mut Wire, login: &Login) -> Result<(), Lost> {
    let features = wire.open(&login.domain).await?;
    let offered = features.child(ns::SASL, "mechanisms").ok_or(Lost::NotOffered("SASL"))?;
    if !offered.children().any(|it| it.text() == login.mechanism) {
        return Err(Lost::NotOffered("the mechanism we log in with"));
    }
    let wrong = |error: &dyn std::fmt::Display| Lost::NotAuthorized(error.to_string());
    let config = SASLConfig::with_credentials(None, login.user.clone(), login.password.clone())
        .map_err(|error| wrong(&error))?;
    let mechanism = Mechname::parse(login.mechanism.as_bytes()).map_err(|error| wrong(&error))?;
    let mut exchange =
        SASLClient::new(config).start_suggested(&[mechanism]).map_err(|error| wrong(&error))?;
    let mut input: Option<Vec<u8>> = None;
    for step in 0..SASL_STEPS_MAX {
        let mut output = Cursor::new(Vec::new());
        let state = exchange.step(input.as_deref(), &mut output).map_err(|error| wrong(&error))?;
        let output = STANDARD.encode(output.into_inner());
        let answer = if step == 0 {
            let request =
                Element::new(ns::SASL, "auth").with_attribute("mechanism", login.mechanism);
            Some(request.with_text(output))
        } else if matches!(state, State::Running) || !output.is_empty() {
            Some(Element::new(ns::SASL, "response").with_text(output))
        } else {
            None
        };
        if let Some(answer) = answer {
            wire.send(&answer).await?;
        }
        let said = wire.next().await?;
        let data = STANDARD.decode(said.text()).map_err(|error| wrong(&error))?;
        match said.name() {
            "challenge" => input = Some(data),
            "success" => {
                if matches!(state, State::Running) {
                    // The server proves that it knows the password, too.
                    let mut rest = Cursor::new(Vec::new());
                    exchange.step(Some(&data), &mut rest).map_err(|error| wrong(&error))?;
                }
                return Ok(());
            }
            _ => {
                let condition = said.children().next().map_or("no condition", Element::name);
                return Err(Lost::NotAuthorized(condition.to_owned()));
            }
        }
    }
    Err(Lost::NotAuthorized("the exchange does not end".to_owned()))
}

async fn bind(mut wire: Wire, login: &Login, target: &Target) -> Result<Client, Lost> {
    let features = wire.open(&login.domain).await?;
    if !features.has_child(ns::BIND, "bind") {
        return Err(Lost::NotOffered("resource binding"));
    }
    let mut request = Element::new(ns::BIND, "bind");
    if let Some(resource) = &login.resource {
        request.push(Element::new(ns::BIND, "resource").with_text(resource.clone()));
    }
    let iq = Element::new(ns::CLIENT, "iq").with_attribute("type", "set");
    wire.send(&iq.with_attribute("id", "bind").with_child(request)).await?;
    let answer = wire.next().await?;
    if let Some(refusal) = super::StanzaRefusal::read(&answer) {
        return Err(Lost::Refused(refusal));
    }
    let bound = answer.child(ns::BIND, "bind").and_then(|it| it.child_text(ns::BIND, "jid"));
    let jid = bound.ok_or(Lost::NotOffered("a full address"))?;
    let mut client = Client::new(wire, jid, target.clone());
    if features.has_child(ns::SM, "sm") {
        client.enable_acknowledgements().await?;
    }
    Ok(client)
}
