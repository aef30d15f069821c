//! Connections that follow the primary.

use crate::{ConnectError, Connection};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::debug;

/// From the first packet until the term is checked.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);

/// How long sent bytes may stay without an answer from the other kernel.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(2);

/// After how much silence, and how often, the other kernel is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(1);

/// How many such questions may go without an answer.
const KEEPALIVE_RETRIES: u32 = 2;

/// How long a transaction of ours may hold its locks while we do nothing.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);

/// The store that is primary, as the recovery side tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// The store's name in the topology.
    pub store: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// The first half of the term.
    pub reign: i64,
    /// The second half of the term.
    pub turn: i64,
}

/// Is the way to the primary encrypted?
#[derive(Clone)]
pub enum Tls {
    /// No. For tests on one machine.
    Off,
    /// Always, with this configuration (its roots, and our client certificate).
    Required(Arc<rustls::ClientConfig>),
}

/// Who connects, and how.
#[derive(Clone, Debug)]
pub struct Login {
    /// The role in `PostgreSQL`.
    pub user: String,
    /// What `PostgreSQL` shows of us in its list of connections.
    pub application: String,
    /// The encryption.
    pub tls: Tls,
}

/// Makes connections to whoever is primary. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections {
    login: Arc<Login>,
    primary: watch::Receiver<Option<Primary>>,
}

impl Connections {
    /// Follows `primary`; connects only when asked to.
    pub fn new(login: Login, primary: watch::Receiver<Option<Primary>>) -> Self {
        Self { login: Arc::new(login), primary }
    }

    /// Who is primary now, as far as is known.
    pub fn primary(&self) -> Option<Primary> {
        self.primary.borrow().clone()
    }

    /// Waits until something else than `known` is told. If the teller is gone it waits for ever.
    pub async fn differs(&self, known: Option<&Primary>) {
        let mut primary = self.primary.clone();
        if primary.wait_for(|now| now.as_ref() != known).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Connects to `database` on the current primary and checks that it carries the term we know.
    ///
    /// The connection ends when another primary is told. While *no* primary is told it stays: that
    /// somebody lost sight of the primary does not make it another one.
    pub async fn connect(&self, database: &str) -> Result<Connection, ConnectError> {
        let Some(primary) = self.primary() else { return Err(ConnectError::NoPrimary) };
        let store = primary.store.clone();
        let silent = ConnectError::Silent {
            store: store.clone(),
            address: primary.address,
            deadline: CONNECT_DEADLINE,
        };
        let connection = async {
            let connection = match self.login.tls.clone() {
                Tls::Off => self.dial(database, &primary, SslMode::Disable, NoTls).await,
                Tls::Required(config) => {
                    let tls = MakeRustlsConnect::new((*config).clone());
                    self.dial(database, &primary, SslMode::Require, tls).await
                }
            }?;
            check(&connection).await?;
            Ok(connection)
        };
        let begun = Instant::now();
        let connection =
            tokio::time::timeout(CONNECT_DEADLINE, connection).await.or(Err(silent))??;
        debug!(store, took = ?begun.elapsed(), "connected");
        if self.primary().is_some_and(|now| now != primary) {
            return Err(ConnectError::Changed { store });
        }
        Ok(connection)
    }

    async fn dial<T>(
        &self,
        database: &str,
        primary: &Primary,
        mode: SslMode,
        tls: T,
    ) -> Result<Connection, ConnectError>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let config = self.config(database, primary, mode);
        let (client, driver) = config.connect(tls).await.map_err(|source| {
            ConnectError::Refused { store: primary.store.clone(), address: primary.address, source }
        })?;
        Ok(Connection::drive(client, driver, primary.clone(), self.primary.clone()))
    }

    fn config(&self, database: &str, primary: &Primary, mode: SslMode) -> Config {
        let mut config = Config::new();
        config
            .host(primary.address.ip().to_string())
            .port(primary.address.port())
            .user(&self.login.user)
            .dbname(database)
            .application_name(&self.login.application)
            .ssl_mode(mode)
            .connect_timeout(CONNECT_DEADLINE)
            .tcp_user_timeout(TCP_USER_TIMEOUT)
            .keepalives(true)
            .keepalives_idle(KEEPALIVE)
            .keepalives_interval(KEEPALIVE)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .options(format!(
                "-c idle_in_transaction_session_timeout={}",
                IDLE_IN_TRANSACTION.as_millis()
            ));
        config
    }
}

/// Proves that this is the primary of the term that we were told.
async fn check(connection: &Connection) -> Result<(), ConnectError> {
    let told = connection.primary();
    let store = || told.store.clone();
    let sql = "select pg_is_in_recovery(), current_setting('synchronous_commit'),
                      term.reign::bigint, term.turn::bigint
               from (select) as always left join recovery.term on true";
    let rows = connection.query(sql, &[]).await;
    let rows = rows.map_err(|source| ConnectError::NoTerm { store: store(), source })?;
    let [row] = rows.as_slice() else {
        return Err(ConnectError::OtherTerm {
            store: store(),
            expected: connection.term(),
            found: None,
        });
    };
    if row.get(0) {
        return Err(ConnectError::Standby { store: store() });
    }
    let found = row.get::<_, Option<i64>>(2).zip(row.get::<_, Option<i64>>(3));
    if found != Some(connection.term()) {
        let expected = connection.term();
        return Err(ConnectError::OtherTerm { store: store(), expected, found });
    }
    let value: String = row.get(1);
    if value != "on" && value != "remote_apply" {
        return Err(ConnectError::Asynchronous { store: store(), value });
    }
    Ok(())
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Required(_) => "Required",
        })
    }
}
