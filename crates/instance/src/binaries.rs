//! `PostgreSQL`'s programs on this host: found, complete, and new enough.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;
use crate::command::{self, Run};

/// The oldest `PostgreSQL` that standfast works with.
pub const OLDEST_MAJOR: u32 = 15;

/// Where Debian keeps its versions, each in a directory `<major>/bin`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Directories searched of PATH.
const PATH_LIMIT: usize = 64;

/// How long `postgres --version` may take.
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// Every program that standfast runs.
const PROGRAMS: [&str; 8] = [
    "initdb",
    "pg_basebackup",
    "pg_controldata",
    "pg_receivewal",
    "pg_rewind",
    "pg_verifybackup",
    "pg_waldump",
    "psql",
];

/// A complete set of `PostgreSQL`'s programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
    major: u32,
}

impl Binaries {
    /// Finds the newest `PostgreSQL` in Debian's places and in PATH.
    pub async fn find() -> Result<Self, Error> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut directories: Vec<_> = std::fs::read_dir(DEBIAN)
            .into_iter()
            .flatten()
            .filter_map(|it| Some(it.ok()?.path().join("bin")))
            .collect();
        directories.extend(std::env::split_paths(&path).take(PATH_LIMIT));
        let looked = format!("{DEBIAN}/*/bin and PATH");
        Self::newest_of(&directories, looked).await
    }

    /// Takes `PostgreSQL` from one directory.
    pub async fn find_in(directory: &Path) -> Result<Self, Error> {
        Self::newest_of(&[directory.to_owned()], directory.display().to_string()).await
    }

    async fn newest_of(directories: &[PathBuf], looked: String) -> Result<Self, Error> {
        let mut newest: Option<(u32, String, &PathBuf)> = None;
        for directory in directories.iter().filter(|it| it.join("postgres").is_file()) {
            let (major, version) = version_in(directory).await?;
            if newest.as_ref().is_none_or(|it| it.0 < major) {
                newest = Some((major, version, directory));
            }
        }
        let Some((major, found, directory)) = newest else {
            return Err(Error::PostgresMissing { looked });
        };
        let directory = directory.clone();
        if major < OLDEST_MAJOR {
            return Err(Error::PostgresTooOld { found, directory });
        }
        if let Some(program) = PROGRAMS.into_iter().find(|it| !directory.join(it).is_file()) {
            return Err(Error::ProgramMissing { program, directory, major });
        }
        Ok(Self { directory, major })
    }

    /// The major version: 15, 16, …
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of one of `PostgreSQL`'s programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Begins a child process that runs one of `PostgreSQL`'s programs.
    pub fn command(&self, name: &str) -> tokio::process::Command {
        command::prepare(&self.program(name))
    }
}

/// Asks `postgres` for its version: the major number and the whole.
async fn version_in(directory: &Path) -> Result<(u32, String), Error> {
    let mut asks = command::prepare(&directory.join("postgres"));
    asks.arg("--version");
    let said = Run::new(asks, "ask PostgreSQL for its version", VERSION_LIMIT).output().await?;
    parse_version(&said.stdout).ok_or_else(|| Error::Answer {
        of: directory.join("postgres").display().to_string(),
        about: "its version",
        answer: said.stdout.trim().to_owned(),
    })
}

/// Reads `postgres (PostgreSQL) 15.20 (Debian …)`, `… 18beta1`, `… 17devel`.
fn parse_version(said: &str) -> Option<(u32, String)> {
    let version = said.strip_prefix("postgres (PostgreSQL) ")?.split_whitespace().next()?;
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    Some((version[..digits].parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn reads_versions() {
        let read = |text| parse_version(text).map(|it| it.0);
        assert_eq!(read("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(read("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(read("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(read("psql (PostgreSQL) 15.20\n"), None);
    }

    #[tokio::test]
    async fn an_old_or_missing_postgresql_is_said_with_the_package() {
        let directory = testkit::TempDir::new("bin").unwrap();
        let missing = Binaries::find_in(directory.path()).await.unwrap_err().to_string();
        assert!(missing.contains("postgresql-15"), "{missing}");

        let postgres = directory.path().join("postgres");
        std::fs::write(&postgres, "#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n").unwrap();
        std::fs::set_permissions(&postgres, PermissionsExt::from_mode(0o755)).unwrap();
        let old = Binaries::find_in(directory.path()).await.unwrap_err().to_string();
        assert!(old.contains("14.9") && old.contains("postgresql-15"), "{old}");

        std::fs::write(&postgres, "#!/bin/sh\necho 'postgres (PostgreSQL) 16.1'\n").unwrap();
        let partial = Binaries::find_in(directory.path()).await.unwrap_err().to_string();
        assert!(partial.contains("`initdb`") && partial.contains("postgresql-16"), "{partial}");
    }

    #[tokio::test]
    async fn finds_the_postgresql_of_this_host() {
        let binaries = Binaries::find().await.unwrap();
        assert!(binaries.major() >= OLDEST_MAJOR);
        assert!(binaries.program("pg_rewind").is_file());
    }
}
