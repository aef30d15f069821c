//! The least that anything could do with the same rows and bytes: plain tables without an index,
//! a constraint or a check, and a ZIP file in which everything is stored as it is.

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{SinkExt as _, TryStreamExt as _};
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_postgres::Client;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The tables that an import writes, but for audio files: a removal leaves those.
const TABLES: [&str; 12] = [
    "owner",
    "agent_group",
    "queue",
    "hours_of_business",
    "holiday_set",
    "workflow",
    "queue_agent_group",
    "workflow_hours",
    "workflow_holiday_set",
    "transfer",
    "audio_use",
    "change",
];

/// Audio files.
const AUDIO: [&str; 2] = ["content", "audio"];

/// Rows of several tables, as COPY has them.
pub(super) struct Rows(Vec<(&'static str, Vec<Bytes>)>);

impl Rows {
    /// The rows that are there, and empty plain tables for them.
    pub(super) async fn of(client: &Client) -> anyhow::Result<Self> {
        let mut rows = Vec::new();
        client.batch_execute("create schema plain").await?;
        for table in TABLES.into_iter().chain(AUDIO) {
            let plain = format!("create table plain.{table} (like rgs.{table} including storage)");
            client.batch_execute(&plain).await?;
            rows.push((table, copied(client, &format!("rgs.{table}")).await?));
        }
        Ok(Self(rows))
    }

    /// Copies them into the plain tables, in one transaction.
    pub(super) async fn copy(&self, client: &Client) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        client.batch_execute("begin").await?;
        for (table, rows) in &self.0 {
            let sql = format!("copy plain.{table} from stdin (format binary)");
            let sink = client.copy_in::<_, Bytes>(&sql).await?;
            tokio::pin!(sink);
            for part in rows {
                sink.feed(part.clone()).await?;
            }
            sink.finish().await?;
        }
        client.batch_execute("commit").await?;
        Ok(begun.elapsed())
    }
}

/// Copies the plain workflows out.
pub(super) async fn list(client: &Client) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    copied(client, "plain.workflow").await?;
    Ok(begun.elapsed())
}

/// Deletes what a removal removes from the plain tables, in one transaction.
pub(super) async fn delete(client: &Client) -> anyhow::Result<Duration> {
    let deletes = TABLES.map(|table| format!("delete from plain.{table};")).concat();
    let begun = Instant::now();
    client.batch_execute(&format!("begin; {deletes} commit;")).await?;
    Ok(begun.elapsed())
}

async fn copied(client: &Client, table: &str) -> anyhow::Result<Vec<Bytes>> {
    let rows = client.copy_out(&format!("copy {table} to stdout (format binary)")).await?;
    Ok(rows.try_collect().await?)
}

/// Writes what is in one ZIP file, stored, into another one.
pub(super) fn zip(from: &Path, to: &Path) -> anyhow::Result<Duration> {
    let mut archive = ZipArchive::new(File::open(from)?).context("read the export file")?;
    let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
    for index in 0..archive.len() {
        let mut content = Vec::new();
        archive.by_index(index)?.read_to_end(&mut content)?;
        entries.push((format!("entry {index}"), content));
    }
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let begun = Instant::now();
    let mut zip = ZipWriter::new(BufWriter::new(File::create_new(to)?));
    for (name, content) in &entries {
        zip.start_file(name.as_str(), stored)?;
        zip.write_all(content)?;
    }
    zip.finish()?.into_inner()?.sync_all()?;
    Ok(begun.elapsed())
}
