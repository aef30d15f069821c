//! The lines that were typed, kept in the home directory; those with a secret are not.

use std::path::Path;
use std::sync::Arc;

use reedline::{
    FileBackedHistory, History, HistoryItem, HistoryItemId, HistorySessionId, Result, SearchQuery,
};
use shell::{Catalogue, Origin, Type, parse, writes_secret};

/// How many lines are kept.
const LINES: usize = 2000;

/// The file in the home directory.
const FILE: &str = ".standfast_history";

/// What was typed, without secrets.
pub(super) struct Typed {
    kept: FileBackedHistory,
    catalogue: Arc<Catalogue>,
}

impl Typed {
    /// The lines of earlier days.
    pub(super) fn open(home: &Path, catalogue: Arc<Catalogue>) -> Result<Self> {
        Ok(Self { kept: FileBackedHistory::with_file(LINES, home.join(FILE))?, catalogue })
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

    fn sync(&mut self) -> std::io::Result<()> {
        self.kept.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.kept.session()
    }
}
