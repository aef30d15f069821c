//! Installs what is missing from Debian's packages.
//!
//! Nothing is asked of `apt` when everything is there. Debian starts a database server of its own
//! when `PostgreSQL` is installed; we prevent that, for the port belongs to the demo's instances.

use crate::run;
use anyhow::{Context as _, bail};
use std::path::Path;

/// The oldest `PostgreSQL` we run on.
const POSTGRESQL_MIN: u32 = 15;

/// Where Debian puts `PostgreSQL`'s programs, one directory per major version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Read by Debian's scripts when a server package is installed.
const CREATE_SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";

/// What the machine is set up for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum For {
    /// Building and running, as the demo does.
    Running,
    /// Also the clients and tools that only tests use.
    Tests,
}

/// A Debian package and how to tell that it is there.
struct Package {
    name: &'static str,
    needed_for: For,
    is_there: fn() -> bool,
}

const PACKAGES: &[Package] = &[
    Package { name: "postgresql", needed_for: For::Running, is_there: postgresql_is_there },
    Package { name: "cc", needed_for: For::Running, is_there: || run::is_installed("cc") },
    Package { name: "python3-venv", needed_for: For::Tests, is_there: venv_is_there },
    Package { name: "profanity", needed_for: For::Tests, is_there: || installed("profanity") },
    Package { name: "tmux", needed_for: For::Tests, is_there: || installed("tmux") },
    Package { name: "iproute2", needed_for: For::Tests, is_there: || installed("ip") },
];

/// Installs what is missing, as root or through `sudo`; otherwise prints the command and fails.
pub(crate) fn run(purpose: For) -> anyhow::Result<()> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|it| it.needed_for == For::Running || purpose == For::Tests)
        .filter(|it| !(it.is_there)())
        .map(|it| it.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("setup: missing: {}", missing.join(", "));
    let script = script(&missing);
    let mut command = if run::is_root() {
        run::program("sh")
    } else if run::succeeds(run::program("sudo").args(["-n", "true"])) {
        let mut sudo = run::program("sudo");
        sudo.args(["-n", "sh"]);
        sudo
    } else {
        bail!(
            "we are neither root nor may we use sudo without a password; run this, then try \
             again:\n\n    sudo sh -c '{script}'\n"
        );
    };
    if missing.contains(&"postgresql") {
        println!("setup: {CREATE_SETTINGS} keeps Debian from starting a server of its own on 5432");
    }
    run::succeed(command.args(["-ec", &script])).context("install Debian's packages")?;
    if let Some(package) = PACKAGES.iter().find(|it| missing.contains(&it.name) && !(it.is_there)())
    {
        bail!(
            "{} is still missing after the installation; Standfast needs PostgreSQL \
             {POSTGRESQL_MIN} or later, as in Debian 12",
            package.name
        );
    }
    Ok(())
}

/// One shell command that installs `packages`; fit to stand between single quotes.
fn script(packages: &[&str]) -> String {
    let directory = Path::new(CREATE_SETTINGS).parent().unwrap_or(Path::new("/")).display();
    let prevent = format!(
        "mkdir -p {directory} && \
         if ! grep -qs ^create_main_cluster {CREATE_SETTINGS}; then \
         echo create_main_cluster = false >> {CREATE_SETTINGS}; fi && "
    );
    let first = if packages.contains(&"postgresql") { prevent.as_str() } else { "" };
    let packages: Vec<&str> =
        packages.iter().map(|it| if *it == "cc" { "build-essential" } else { it }).collect();
    format!(
        "{first}apt-get update -q && DEBIAN_FRONTEND=noninteractive \
         apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold {}",
        packages.join(" ")
    )
}

fn postgresql_is_there() -> bool {
    let entries = std::fs::read_dir(POSTGRESQL).into_iter().flatten().flatten();
    let mut versions = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok().zip(Some(entry)));
    versions.any(|(version, entry)| {
        let programs = ["postgres", "initdb", "pg_basebackup", "pg_rewind", "pg_receivewal"];
        version >= POSTGRESQL_MIN
            && programs.iter().all(|it| entry.path().join("bin").join(it).exists())
    })
}

fn venv_is_there() -> bool {
    run::succeeds(run::program("python3").args(["-c", "import ensurepip, venv"]))
}

fn installed(name: &str) -> bool {
    // `ip` stands in a directory that is not on everybody's path.
    run::is_installed(name) || Path::new("/usr/sbin").join(name).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_of_debian_is_prevented_before_it_could_start() {
        let script = script(&["postgresql", "tmux"]);
        let settings = script.find("create_main_cluster = false").unwrap();
        assert!(settings < script.find("apt-get install").unwrap());
        assert!(script.ends_with("postgresql tmux"));
        assert!(!script.contains('\''), "it is printed between single quotes");
    }

    #[test]
    fn without_postgresql_its_settings_are_left_alone() {
        assert!(!script(&["tmux"]).contains("create_main"));
    }
}
