//! The Response Groups of a large pool: imported, listed, exported and removed.
//!
//! Every run does so in an emptied database, and then the least of it with the same rows and bytes
//! in the same server and directory: COPY into plain tables, COPY out of one, a ZIP file that
//! stores, DELETE. What an import reads is an export file, as administrators have it.

mod floor;
mod made;
mod pool;

use crate::figures::{Goal, Report, told};
use anyhow::{Context as _, ensure};
use floor::Rows;
use made::WORKFLOWS;
use pool::{POOL, Pool};
use response_groups::import::{AudioSource, Options, plan};
use response_groups::model::Kind;
use response_groups::package::{self, Header, Package, Reign, Writer, verify};
use response_groups::store::{Exported, Filter, OwnerFilter};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use testkit::TempDir;
use uuid::Uuid;

const COPY: &str = "floor: the same rows by COPY into plain tables";
const IMPORT: &str = "import of an export file";
const IMPORT_READ: &str = "  of it: the file read and checked";
const AGAIN: &str = "import again: everything updated";
const ZIP: &str = "floor: the same bytes into a stored ZIP, fsync";
const EXPORT: &str = "export: read, written, fsync, verified";
const COPY_OUT: &str = "floor: the workflows by COPY out of a plain table";
const LIST: &str = "all workflows listed";
const DELETE: &str = "floor: the same rows by DELETE from plain tables";
const REMOVE: &str = "removal of what was exported";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often each thing is measured
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

/// Measures, and prints whatever was measured, also when something fails half-way.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut report = announce();
    let measured = measure(arguments.runs, &mut report).await;
    println!("\n{}; seconds\n{report}", made::words());
    measured
}

fn announce() -> Report {
    let mut report = Report::default();
    let lines = [
        (COPY, None),
        (IMPORT, Some(COPY)),
        (IMPORT_READ, None),
        (AGAIN, Some(COPY)),
        (ZIP, None),
        (EXPORT, Some(ZIP)),
        (COPY_OUT, None),
        (LIST, Some(COPY_OUT)),
        (DELETE, None),
        (REMOVE, Some(DELETE)),
    ];
    for (title, floor) in lines {
        report.line(title, Goal::None, floor);
    }
    report
}

async fn measure(runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let directory = TempDir::new("bench-rgs")?;
    let source = directory.path().join("source.zip");
    make_export(&source).context("make an export file")?;
    let pool = Pool::open().await?;
    for run in 1..=runs {
        println!("run {run}");
        pool.empty().await?;
        one_run(&pool, &source, directory.path(), report).await?;
    }
    Ok(())
}

async fn one_run(
    pool: &Pool,
    source: &Path,
    directory: &Path,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut note = |title, took: Duration| told(title, took.as_secs_f64(), report);
    let (read, imported) = import(pool, source).await.context("import")?;
    note(IMPORT, imported);
    note(IMPORT_READ, read);
    let rows = Rows::of(&pool.owner).await.context("copy the rows out")?;
    note(COPY, rows.copy(&pool.owner).await.context("copy the rows in")?);
    drop(rows);
    let (_, again) = import(pool, source).await.context("import again")?;
    note(AGAIN, again);

    note(LIST, list(pool).await.context("list")?);
    note(COPY_OUT, floor::list(&pool.owner).await.context("copy the workflows out")?);

    let (ours, plain) = (directory.join("export.zip"), directory.join("plain.zip"));
    let (exported, took) = export(pool, &ours).await.context("export")?;
    note(EXPORT, took);
    note(ZIP, floor::zip(&ours, &plain).context("write the plain ZIP file")?);
    for file in [ours, plain] {
        std::fs::remove_file(&file).with_context(|| format!("remove {}", file.display()))?;
    }

    let begun = Instant::now();
    pool.hosting.remove_exported(&exported).await.context("remove")?;
    note(REMOVE, begun.elapsed());
    note(DELETE, floor::delete(&pool.owner).await.context("delete the plain rows")?);
    Ok(())
}

/// The export file that is imported.
fn make_export(path: &Path) -> anyhow::Result<()> {
    let (whole, mut contents) = made::made(POOL);
    let header = header(Reign { reign: 0, revision: 1 })?;
    let out = BufWriter::new(File::create_new(path)?);
    package::write(out, &header, &whole, &mut contents)?.into_inner()?.sync_all()?;
    Ok(())
}

fn header(reign: Reign) -> anyhow::Result<Header> {
    let created = "2026-03-01T02:03:04Z".parse()?;
    let owners = [(POOL.to_owned(), reign)].into();
    Ok(Header { source: POOL.to_owned(), owner: None, created, owners })
}

/// How long the file took to be read, and the whole import.
async fn import(pool: &Pool, path: &Path) -> anyhow::Result<(Duration, Duration)> {
    let begun = Instant::now();
    let package = Opened(Mutex::new(Package::open(File::open(path)?)?));
    let read = begun.elapsed();
    let make = |existing: &_| plan(existing, &package.taken().incoming(), Options::default());
    let report = pool.hosting.import(Vec::new(), make, &mut &package).await?;
    let took = begun.elapsed();
    let written: usize = report.written.values().sum();
    let expected = package.taken().configuration().objects.len();
    ensure!(written == expected, "{written} of {expected} objects were written");
    Ok((read, took))
}

/// An export file from which an import is planned, and then its audio files read.
struct Opened(Mutex<Package<File>>);

impl Opened {
    fn taken(&self) -> MutexGuard<'_, Package<File>> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl AudioSource for &Opened {
    fn content(&mut self, id: Uuid) -> Result<Vec<u8>, String> {
        self.taken().content(id)
    }
}

async fn list(pool: &Pool) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let listing = pool.hosting.list(Kind::Workflow, &Filter::default()).await?;
    let took = begun.elapsed();
    let listed = listing.objects.len();
    ensure!(u32::try_from(listed) == Ok(WORKFLOWS), "{listed} workflows were listed");
    Ok(took)
}

async fn export(pool: &Pool, path: &Path) -> anyhow::Result<(Exported, Duration)> {
    let begun = Instant::now();
    let export = pool.hosting.export(&OwnerFilter::Parent).await?;
    let standing = export.standings().get(POOL).context("the pool knows itself")?;
    let header = header(Reign { reign: standing.reign, revision: standing.revision })?;
    let out = BufWriter::new(File::create_new(path)?);
    let mut writer = Writer::begin(out, &header, export.configuration())?;
    while let Some(id) = writer.next_audio().map(|it| it.id) {
        writer.audio(id, &export.content(id).await?)?;
    }
    writer.finish()?.into_inner()?.sync_all()?;
    let (configuration, exported) = export.end().await;
    verify(File::open(path)?, &header, &configuration)?;
    Ok((exported, begun.elapsed()))
}
