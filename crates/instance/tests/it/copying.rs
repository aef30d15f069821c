//! Base backups.

use std::fs;

use instance::{Binaries, CopyOptions, Error, Found, Instance, OldDirectory, Progress};
use testkit::rerun_as_postgres;

use crate::house::{
    House, LONG, copy_options, following, post, posts, small, source, write_program,
};

#[tokio::test]
async fn base_backup_is_verified() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    let binaries = flipping_a_bit(&house, &primary).await;
    let good = house.instance("beta");
    let mut spec = good.spec().clone();
    spec.binaries = binaries;
    let bad = Instance::new(spec);

    let (settings, options) = (following(&primary, "beta"), copy_options("beta"));
    let error =
        bad.base_backup_from(&source(&primary), &settings, &options, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("verify the base backup"), "{error}");
    assert_eq!(bad.found().await.unwrap(), Found::Missing, "a copy that is not sound is not put");
    assert!(!house.path().join("beta.new").exists());

    let mut told = Vec::new();
    let copied =
        good.base_backup_from(&source(&primary), &settings, &options, |it| told.push(it)).await;
    let copied = copied.unwrap();
    assert_eq!(copied.old, None);
    let last: Progress = *told.last().expect("progress was told");
    assert!(last.done_bytes > 1 << 20 && last.total_bytes >= last.done_bytes, "{last:?}");
    assert!(matches!(good.found().await.unwrap(), Found::Stopped(_)));
}

/// The real programs, but one byte of every base backup comes out wrong.
async fn flipping_a_bit(house: &House, primary: &Instance) -> Binaries {
    let directory = house.path().join("bin");
    fs::create_dir(&directory).unwrap();
    let real = primary.spec().binaries.program("postgres").parent().unwrap().to_owned();
    for entry in fs::read_dir(&real).unwrap().flatten() {
        if entry.file_name() != "pg_basebackup" {
            std::os::unix::fs::symlink(entry.path(), directory.join(entry.file_name())).unwrap();
        }
    }
    let script = format!(
        "#!/bin/sh\n{}/pg_basebackup \"$@\" || exit\n\
         printf x | dd of=\"$2/global/1260\" bs=1 seek=4321 conv=notrunc 2>/dev/null\n",
        real.display()
    );
    write_program(&directory.join("pg_basebackup"), &script);
    Binaries::find_in(&directory).await.unwrap()
}

#[tokio::test]
async fn an_old_directory_is_kept_when_asked() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let primary = house.primary("alpha").await;
    post(&primary, 0..3).await;
    let other = house.primary("beta").await;
    let (settings, mut options) = (following(&primary, "beta"), copy_options("beta"));

    let copy = |options: CopyOptions| {
        let (other, settings, source) = (other.clone(), settings.clone(), source(&primary));
        async move { other.base_backup_from(&source, &settings, &options, |_| {}).await }
    };
    let error = copy(options.clone()).await.unwrap_err();
    assert!(matches!(error, Error::Running { .. }), "{error}");
    other.kill().await.unwrap();

    options.old = OldDirectory::Keep;
    let kept = copy(options.clone()).await.unwrap().old.expect("the old directory was kept");
    assert!(kept.join("PG_VERSION").exists());
    options.old = OldDirectory::Remove;
    assert_eq!(copy(options).await.unwrap().old, None);
    assert!(kept.exists(), "another copy's old directory stays until it is released");
    other.start(LONG).await.unwrap();
    assert_eq!(posts(&other).await, 3);
}

#[tokio::test]
async fn an_interrupted_attempt_is_cleared_away() {
    if rerun_as_postgres() {
        return;
    }
    let house = House::new().await;
    let instance = house.instance("alpha");
    let leftover = house.path().join("alpha.new");
    fs::create_dir(&leftover).unwrap();
    fs::write(leftover.join("PG_VERSION"), "half").unwrap();
    assert_eq!(instance.found().await.unwrap(), Found::Missing);
    instance.initdb(&small()).await.unwrap();
    assert!(!leftover.exists());
}
