//! Is the port free, and if not, who has it?

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};

use crate::Error;

/// `/proc/net/tcp`'s code for a listening socket.
const LISTENING: &str = "0A";

/// Refuses a port that somebody listens on, and names him where the system tells.
pub(crate) fn refuse_taken(address: IpAddr, port: u16) -> Result<(), Error> {
    match TcpListener::bind((address, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Err(Error::PortTaken { address, port, by: holder(port) })
        }
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            Err(Error::io("listen: this host does not have the address", &shown(address), error))
        }
        Err(error) => Err(Error::io("listen on", &shown(address), error)),
    }
}

fn shown(address: IpAddr) -> std::path::PathBuf {
    address.to_string().into()
}

/// Who listens on a port, as far as we may see.
fn holder(port: u16) -> String {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let listener = tables.into_iter().flatten().find_map(|text| listener(&text, port));
    let Some((uid, inode)) = listener else { return "another program".to_owned() };
    match process_with_socket(&inode) {
        Some((pid, name)) => format!("{name} (process {pid})"),
        None => format!("a process of user id {uid}"),
    }
}

/// The user and the socket that listen on a port, of one table of `/proc/net`.
fn listener(text: &str, port: u16) -> Option<(String, String)> {
    let ending = format!(":{port:04X}");
    text.lines().skip(1).find_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let &[_, local, _, state, _, _, _, uid, _, inode, ..] = columns.as_slice() else {
            return None;
        };
        (local.ends_with(&ending) && state == LISTENING).then(|| (uid.to_owned(), inode.to_owned()))
    })
}

fn process_with_socket(inode: &str) -> Option<(u32, String)> {
    let wanted = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let mut files = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
        files.find(|it| fs::read_link(it.path()).is_ok_and(|it| it.as_os_str() == &*wanted))?;
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        Some((pid, name.trim().to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_process_that_has_the_port() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = refuse_taken([127, 0, 0, 1].into(), port).unwrap_err().to_string();
        assert!(error.contains(&format!("(process {})", std::process::id())), "{error}");
        drop(taken);
    }
}
