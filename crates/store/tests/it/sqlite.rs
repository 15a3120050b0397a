//! What only the SQLite engine has: its directory, its lock, its files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nova_domain::Code;
use nova_store::{DatabaseUrl, Store, StoreOptions};

use crate::fixture::{Bench, here, stored};

async fn open(dir: &Path) -> Result<Store, nova_domain::Fault> {
    let url = DatabaseUrl::parse(&format!("sqlite:{}", dir.display())).expect("url");
    Store::open(&url, &StoreOptions::default()).await.map(|(store, _)| store)
}

#[tokio::test]
async fn the_directory_is_private_and_its_three_files_are_there() {
    let dir = tempfile::tempdir().expect("temp dir");
    let data = dir.path().join("a/b");
    let store = open(&data).await.expect("opens");
    store.ping().await.expect("answers");
    assert_eq!(std::fs::metadata(&data).expect("directory").permissions().mode() & 0o777, 0o700);
    for file in ["nova.db", "work.db", "log.db"] {
        assert!(data.join(file).exists(), "{file}");
    }
    store.close().await;
    assert!(!data.join("nova.db-wal").exists(), "an orderly close leaves no log behind");
    assert_eq!(store.ping().await.expect_err("closed").code(), Code::Unavailable);
}

#[tokio::test]
async fn a_shared_directory_with_other_files_is_not_taken_over() {
    let dir = tempfile::tempdir().expect("temp dir");
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).expect("chmod");
    open(dir.path()).await.expect("an empty one is made private").close().await;
    assert_eq!(std::fs::metadata(dir.path()).expect("directory").permissions().mode() & 0o777, 0o700);
    let other = tempfile::tempdir().expect("temp dir");
    std::fs::write(other.path().join("mine"), "x").expect("writes");
    std::fs::set_permissions(other.path(), PermissionsExt::from_mode(0o755)).expect("chmod");
    let fault = open(other.path()).await.map(drop).expect_err("refused");
    assert!(fault.message().contains("chmod 700"), "{fault}");
}

#[tokio::test]
async fn a_second_server_is_refused_with_the_pid_of_the_first_until_that_closes() {
    let dir = tempfile::tempdir().expect("temp dir");
    let first = open(dir.path()).await.expect("opens");
    let fault = open(dir.path()).await.map(drop).expect_err("in use");
    assert_eq!(fault.code(), Code::Unavailable);
    assert!(fault.message().contains(&format!("process {}", std::process::id())), "{fault}");
    first.close().await;
    open(dir.path()).await.expect("free again").close().await;
}

#[tokio::test]
async fn a_damaged_file_is_named_with_what_to_do() {
    for (file, advice) in [("nova.db", "backup"), ("log.db", "move it away")] {
        let dir = tempfile::tempdir().expect("temp dir");
        open(dir.path()).await.expect("opens").close().await;
        std::fs::write(dir.path().join(file), vec![b'x'; 8192]).expect("damages");
        let fault = open(dir.path()).await.map(drop).expect_err("damaged");
        assert!(fault.message().contains(file) && fault.message().contains(advice), "{fault}");
    }
}

#[tokio::test]
async fn a_page_damaged_in_the_middle_of_the_configuration_is_noticed_at_the_start() {
    let dir = tempfile::tempdir().expect("temp dir");
    let store = open(dir.path()).await.expect("opens");
    store.close().await;
    let path = dir.path().join("nova.db");
    let mut bytes = std::fs::read(&path).expect("reads");
    for byte in &mut bytes[4096..8192] {
        *byte = 0xff;
    }
    std::fs::write(&path, bytes).expect("damages");
    let fault = open(dir.path()).await.map(drop).expect_err("damaged");
    assert!(fault.message().contains("nova.db is damaged"), "{fault}");
}

#[tokio::test]
async fn a_database_newer_than_the_program_is_refused() {
    let dir = tempfile::tempdir().expect("temp dir");
    open(dir.path()).await.expect("opens").close().await;
    let connection = rusqlite::Connection::open(dir.path().join("nova.db")).expect("opens");
    connection
        .execute(
            "INSERT INTO nova_migrations (number, name, checksum, applied_at) VALUES (999, 'x', 'x', 0)",
            [],
        )
        .expect("inserts");
    drop(connection);
    let fault = open(dir.path()).await.map(drop).expect_err("newer");
    assert!(fault.message().contains("newer Nova") && fault.message().contains("999"), "{fault}");
}

#[tokio::test]
async fn somebody_elses_database_is_not_touched() {
    let dir = tempfile::tempdir().expect("temp dir");
    let connection = rusqlite::Connection::open(dir.path().join("nova.db")).expect("opens");
    connection.execute_batch("CREATE TABLE theirs (x)").expect("creates");
    drop(connection);
    let fault = open(dir.path()).await.map(drop).expect_err("not ours");
    assert!(fault.message().contains("not one of Nova's"), "{fault}");
}

#[tokio::test]
async fn dropped_logs_come_back_empty_and_the_configuration_stays() {
    let dir = tempfile::tempdir().expect("temp dir");
    let url = DatabaseUrl::parse(&format!("sqlite:{}", dir.path().display())).expect("url");
    let (store, system) = Store::open(&url, &StoreOptions::default()).await.expect("opens");
    crate::fixture::settle(&store, &system).await;
    let hello = crate::fixture::function(&here(), "hello");
    let first = crate::fixture::version(&hello, 1, nova_domain::version::CompileStatus::NotRequired);
    store.functions().create(&here(), &hello, &first).await.expect("creates");
    let record = |id: &str| nova_store::repo::RunRecord {
        run: crate::fixture::run(&hello, id, 1),
        lines: vec![crate::fixture::line(1, id)],
    };
    store.runs().insert_batch(&system, vec![record("old")].into()).await.expect("inserts");
    let cursor = store.logs().tail(&here(), &hello.id, 1).await.expect("tail").next;
    store.close().await;
    std::fs::remove_file(dir.path().join("log.db")).expect("drops the logs");
    let (store, system) = Store::open(&url, &StoreOptions::default()).await.expect("opens");
    assert_eq!(store.functions().get(&here(), &hello.name).await.expect("still there"), hello);
    store.runs().insert_batch(&system, vec![record("new")].into()).await.expect("inserts");
    let page = store.logs().after(&here(), &hello.id, cursor, None, 9).await.expect("lines");
    assert_eq!(page.lines.len(), 1, "an old cursor still finds what is new");
    store.close().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_others() {
    let bench = Bench::sqlite().await;
    for index in 0..50 {
        let store = bench.store.clone();
        let function = crate::fixture::function(&here(), &format!("f{index}"));
        let first = crate::fixture::version(&function, 1, nova_domain::version::CompileStatus::NotRequired);
        let task = tokio::spawn(async move { store.functions().create(&here(), &function, &first).await });
        tokio::task::yield_now().await;
        task.abort();
    }
    stored(&bench, &here(), "last").await;
    bench.end().await;
}
