//! Kill -9 in the middle of writes: what was acknowledged is there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use nova_domain::version::CompileStatus;
use nova_store::{DatabaseUrl, Store, StoreOptions};

use crate::fixture::*;

const DIR: &str = "NOVA_STORE_CRASH_DIR";

/// The program that is killed: writes functions from many tasks and prints the name of each
/// once its write has returned. Does nothing unless the test below started it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_until_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let url = DatabaseUrl::parse(&format!("sqlite:{}", dir.display())).expect("url");
    let (store, system) = Store::open(&url, &StoreOptions::default()).await.expect("opens");
    settle(&store, &system).await;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for index in 0.. {
                    let function = function(&here(), &format!("t{task}-{index}"));
                    let first = version(&function, 1, CompileStatus::NotRequired);
                    store.functions().create(&here(), &function, &first).await.expect("creates");
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "stored {}", function.name).and_then(|()| out.flush()).expect("prints");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("never ends");
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_a_sigkill_is_there_afterwards() {
    let dir = tempfile::tempdir().expect("temp dir");
    for round in 0..3 {
        let data = dir.path().join(round.to_string());
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "crash::writes_until_killed", "--nocapture"])
            .env(DIR, &data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut acknowledged = Vec::new();
        let stored = |line: String| line.split_once("stored ").map(|(_, name)| name.to_owned());
        while acknowledged.len() < 150 + 50 * round {
            let line = lines.next().expect("writes on").expect("UTF-8");
            acknowledged.extend(stored(line));
        }
        child.kill().expect("SIGKILL");
        child.wait().expect("ended");
        // What it printed before it died counts as well; the last line may be half of one.
        let mut rest: Vec<_> = lines.map_while(Result::ok).filter_map(stored).collect();
        rest.pop();
        acknowledged.extend(rest);

        let url = DatabaseUrl::parse(&format!("sqlite:{}", data.display())).expect("url");
        let (store, _) = Store::open(&url, &StoreOptions::default()).await.expect("opens after the crash");
        // Every change has its entry and every entry its change.
        let chain = nova_domain::audit::Chain::Server;
        let log = store.audit().verify(&chain, None).await.expect("verifies");
        assert_eq!(log.broken, None);
        let (mut page, mut functions, mut entries) = (nova_store::PageRequest::largest(), 0, 0);
        loop {
            let filter = nova_store::repo::FunctionFilter::default();
            let found = store.functions().list(&here(), &filter, &page).await.expect("lists");
            functions += found.items.len();
            match found.next_cursor {
                Some(cursor) => page = page.after(cursor),
                None => break,
            }
        }
        let mut page = nova_store::PageRequest::largest();
        let of =
            nova_domain::audit::AuditFilter { action: Some("functions.create".into()), ..Default::default() };
        loop {
            let found = store.audit().list(&chain, &of, &page).await.expect("lists");
            entries += found.items.len();
            match found.next_cursor {
                Some(cursor) => page = page.after(cursor),
                None => break,
            }
        }
        assert_eq!(entries, functions);
        for text in acknowledged {
            let found = store.functions().get(&here(), &name(&text)).await.expect("acknowledged, so stored");
            store.versions().get(&here(), &found.id, 1).await.expect("with its version");
        }
        store.close().await;
    }
}
