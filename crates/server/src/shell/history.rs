//! The lines that were typed, kept in the home directory; those with a secret are not.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use reedline::{
    FileBackedHistory, History, HistoryItem, HistoryItemId, HistorySessionId, ReedlineError,
    Result, SearchQuery,
};
use shell::{Catalogue, Origin, Type, parse, writes_secret};

/// How many lines are kept.
const LINES: usize = 2000;

/// The file in the home directory.
const FILE: &str = ".standfast_history";

/// Who may read it.
const OWNER_ONLY: u32 = 0o600;

/// What was typed, without secrets.
pub(super) struct Typed {
    kept: FileBackedHistory,
    catalogue: Arc<Catalogue>,
}

impl Typed {
    /// The lines of earlier days.
    pub(super) fn open(home: &Path, catalogue: Arc<Catalogue>) -> Result<Self> {
        let file = home.join(FILE);
        for_its_owner(&file).map_err(ReedlineError::from)?;
        Ok(Self { kept: FileBackedHistory::with_file(LINES, file)?, catalogue })
    }

    /// Whether a secret stands in `line`, or may stand in it if it cannot be read.
    fn is_secret(&self, line: &str) -> bool {
        if let Ok(script) = parse(line, Origin::Line) {
            return writes_secret(&script, &self.catalogue);
        }
        let line = line.to_lowercase();
        let mut parameters = self.catalogue.rows().flat_map(|row| row.parameters);
        parameters.any(|it| {
            it.takes == Type::Secret && line.contains(&format!("-{}", it.name.to_lowercase()))
        })
    }
}

/// Nobody else reads what was typed: also not in a file of earlier days.
fn for_its_owner(file: &Path) -> io::Result<()> {
    let open = OpenOptions::new().append(true).create(true).mode(OWNER_ONLY).open(file)?;
    if open.metadata()?.permissions().mode() & 0o777 != OWNER_ONLY {
        open.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    }
    Ok(())
}

impl History for Typed {
    fn save(&mut self, item: HistoryItem) -> Result<HistoryItem> {
        if self.is_secret(&item.command_line) { Ok(item) } else { self.kept.save(item) }
    }

    fn load(&self, id: HistoryItemId) -> Result<HistoryItem> {
        self.kept.load(id)
    }

    fn count(&self, query: SearchQuery) -> Result<i64> {
        self.kept.count(query)
    }

    fn search(&self, query: SearchQuery) -> Result<Vec<HistoryItem>> {
        self.kept.search(query)
    }

    fn update(
        &mut self,
        id: HistoryItemId,
        updater: &dyn Fn(HistoryItem) -> HistoryItem,
    ) -> Result<()> {
        self.kept.update(id, updater)
    }

    fn clear(&mut self) -> Result<()> {
        self.kept.clear()
    }

    fn delete(&mut self, id: HistoryItemId) -> Result<()> {
        self.kept.delete(id)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.kept.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.kept.session()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use super::{FILE, Typed};

    #[test]
    fn only_its_owner_reads_what_was_typed() {
        let home = std::env::temp_dir().join(format!("sf-history-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let file = home.join(FILE);
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        let open = || drop(Typed::open(&home, Arc::new(admin::cmdlets::catalogue())).unwrap());
        open();
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        open();
        assert_eq!(mode(), 0o600);
        std::fs::remove_dir_all(&home).unwrap();
    }
}
