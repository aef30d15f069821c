//! What a file's name means on this machine. Names of Windows, as the documents have them, mean
//! files in the exchange folder: `C:\Exports\a.zip` is `Exports/a.zip` there, `D:\a.zip` is
//! `D$/a.zip`, and `\\server\share\a.zip` is `UNC/server/share/a.zip`. No such name leaves it.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::said::remark;

/// Where it is below the home directory's data if nothing is said.
const FOLDER: &str = "standfast/exchange";

/// The folder for names of Windows, and what has been said about them.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    folder: PathBuf,
    said: BTreeSet<String>,
}

impl Exchange {
    /// The folder that was named, or the one that the desktop's rules give.
    pub(super) fn new(named: Option<&Path>) -> Self {
        let folder = named.map_or_else(standard, Path::to_owned);
        Self { folder, said: BTreeSet::new() }
    }

    /// The file that `name` means. A name of Windows is said once as what it is read as, and the
    /// folder that it lies in is made.
    pub(super) fn resolve(&mut self, name: &str) -> io::Result<PathBuf> {
        let Some(parts) = windows_parts(name)? else { return Ok(at_home(name)) };
        let mut path = self.folder.clone();
        std::fs::create_dir_all(&path)?;
        for part in &parts {
            path = existing(&path, part)?.unwrap_or_else(|| path.join(part));
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if self.said.insert(name.to_owned()) {
            remark(&format!("{name} is read as {}", path.display()));
        }
        Ok(path)
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

fn standard() -> PathBuf {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|it| it.is_absolute());
    let home = || std::env::home_dir().unwrap_or_default().join(".local/share");
    data.unwrap_or_else(home).join(FOLDER)
}

/// `~/` is the home directory; any other name is what the system makes of it.
fn at_home(name: &str) -> PathBuf {
    match (name.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(name),
    }
}

/// The folders and the file that a name of Windows means below the exchange folder; none if it is
/// a name of this machine.
pub(super) fn windows_parts(name: &str) -> io::Result<Option<Vec<String>>> {
    let drive = match name.as_bytes() {
        [letter, b':', ..] if letter.is_ascii_alphabetic() => Some(letter.to_ascii_uppercase()),
        _ => None,
    };
    let (first, rest) = match (drive, name.strip_prefix("\\\\")) {
        (Some(b'C'), _) => (None, &name[2..]),
        (Some(letter), _) => (Some(format!("{}$", char::from(letter))), &name[2..]),
        (None, Some(share)) => (Some("UNC".to_owned()), share),
        (None, None) if name.contains('\\') => (None, name),
        (None, None) => return Ok(None),
    };
    let mut parts: Vec<String> = first.into_iter().collect();
    for part in rest.split(['\\', '/']) {
        match part {
            "" | "." => {}
            ".." => return Err(refused(name, "`..` would leave the exchange folder")),
            _ if part.contains([':', '\0', '*', '?', '"', '<', '>', '|']) => {
                return Err(refused(name, "Windows knows no such name"));
            }
            _ => parts.push(part.to_owned()),
        }
    }
    if parts.is_empty() {
        return Err(refused(name, "it names no file"));
    }
    Ok(Some(parts))
}

fn refused(name: &str, why: &str) -> io::Error {
    io::Error::other(format!("`{name}` cannot be used: {why}"))
}

/// What lies in `folder` under `part`, whatever the case, as Windows has it; the exact name first.
fn existing(folder: &Path, part: &str) -> io::Result<Option<PathBuf>> {
    let exact = folder.join(part);
    if exact.exists() || !folder.is_dir() {
        return Ok(Some(exact));
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|it| it.to_lowercase() == part.to_lowercase()) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str) -> String {
        match windows_parts(name) {
            Ok(Some(parts)) => parts.join("/"),
            Ok(None) => "of this machine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_of_windows_mean_files_in_the_exchange_folder() {
        assert_eq!(parts("C:\\RgsExportPrimary.zip"), "RgsExportPrimary.zip");
        assert_eq!(parts("c:/Exports/a b.zip"), "Exports/a b.zip");
        assert_eq!(parts("D:\\a.zip"), "D$/a.zip");
        assert_eq!(parts("\\\\server\\share\\x.zip"), "UNC/server/share/x.zip");
        assert_eq!(parts(".\\x.zip"), "x.zip");
        for own in ["/tmp/x.zip", "x.zip", "../x.zip", "~/x.zip"] {
            assert_eq!(parts(own), "of this machine", "{own}");
        }
    }

    #[test]
    fn no_name_of_windows_leaves_the_exchange_folder() {
        for name in ["C:\\..\\x", "C:\\a\\..\\..\\x", "\\\\..\\x", "..\\x", "C:..", "C:/../x"] {
            assert!(parts(name).contains("would leave"), "{name}: {}", parts(name));
        }
        assert!(parts("C:\\a\\C:\\b").contains("no such name"));
        assert!(parts("C:\\").contains("no file"));
    }

    #[test]
    fn a_file_is_found_whatever_the_case() {
        let folder = std::env::temp_dir().join(format!("standfast-{}", uuid::Uuid::new_v4()));
        let mut exchange = Exchange::new(Some(&folder));
        let made = exchange.resolve("C:\\Exports\\Primary.ZIP").unwrap();
        assert_eq!(made, folder.join("Exports/Primary.ZIP"));
        std::fs::write(&made, "PK").unwrap();
        assert_eq!(exchange.resolve("c:\\EXPORTS\\primary.zip").unwrap(), made);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
