//! The audit log with the real binary: kept over kills, and looked through online and offline.

use std::process::{Command, Output};

use serde_json::Value;

use crate::server::{Server, command};

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Statements on the database of a server that is stopped, past Nova.
fn tamper(server: &Server, sql: &str) {
    let script =
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.executescript(sys.argv[2])\nc.close()\n";
    let path = server.dir.join("d/db/nova.db");
    let output = Command::new("python3").args(["-c", script]).arg(&path).arg(sql).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}

fn verify_database(server: &Server) -> Output {
    let folder = server.dir.join("d");
    command(&server.url()).args(["audit", "verify-database", "--data-dir"]).arg(folder).output().unwrap()
}

fn json(server: &Server, arguments: &[&str]) -> Value {
    serde_json::from_str(&server.nova_ok(&[arguments, &["-o", "json"]].concat())).unwrap()
}

#[test]
fn the_audit_log_tells_of_each_change_and_of_every_entry_that_is_not_what_was_written() {
    let mut server = Server::start(&[]);
    server.create("hello", "python", Some("main.handler"), "def handler(e, c):\n    return 1\n", "");
    server.nova_ok(&["fn", "update", "hello", "--memory", "256"]);
    server.kill_and_restart();
    server.nova_ok(&["fn", "delete", "hello", "--yes"]);

    let table = server.nova_ok(&["audit", "list", "--resource", "function:hello"]);
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(lines[1].contains("delete_function") && lines[1].contains("dev"), "{table}");
    assert!(lines[2].contains("version.limits.memory_mb"), "{table}");
    let items =
        json(&server, &["audit", "list", "--resource", "function:hello", "--action", "update_function"]);
    let seq = items[0]["seq"].to_string();
    let shown = server.nova_ok(&["audit", "show", &seq]);
    assert!(shown.contains("127.0.0.1") && shown.contains("\"memory_mb\":256"), "{shown}");

    let anchors = server.dir.join("anchors.json");
    let anchors = anchors.to_str().unwrap();
    let whole = server.nova_ok(&["audit", "verify", "--all", "--anchors", anchors]);
    assert_eq!(whole.matches("intact").count(), 2, "{whole}");
    server.nova_ok(&["audit", "verify", "--anchors", anchors]);

    // SQLite refuses to change an entry, and who takes the refusal away is found.
    server.stop();
    assert!(verify_database(&server).status.success());
    let refused = std::panic::catch_unwind(|| {
        tamper(&server, &format!("UPDATE audit_entries SET actor_name = 'eve' WHERE seq = {seq}"));
    });
    assert!(refused.is_err(), "the log is append-only");
    let disarm =
        "DROP TRIGGER audit_entries_stay; DROP TRIGGER audit_entries_remain; DROP TRIGGER audit_heads_go_on;";
    let forge = format!(
        "{disarm} UPDATE audit_entries SET actor_name = 'eve' WHERE tenant_id = 'default' AND seq = {seq};"
    );
    tamper(&server, &forge);
    let broken = verify_database(&server);
    assert_eq!(broken.status.code(), Some(1), "{}", text(&broken));
    assert!(text(&broken).contains(&format!("BROKEN at entry {seq}")), "{}", text(&broken));
    server.start_again();
    let broken = server.nova(&["audit", "verify"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken).contains(&format!("BROKEN at entry {seq}: its content")), "{}", text(&broken));

    // The end cut off with its record, as it once was: only the anchor tells.
    server.stop();
    tamper(
        &server,
        &format!("UPDATE audit_entries SET actor_name = 'dev' WHERE tenant_id = 'default' AND seq = {seq};"),
    );
    tamper(
        &server,
        "DELETE FROM audit_entries WHERE tenant_id = 'default' AND seq = (SELECT max(seq) FROM audit_entries WHERE tenant_id = 'default');
         UPDATE audit_heads SET (seq, hash) = (SELECT seq, hash FROM audit_entries WHERE tenant_id = 'default' ORDER BY seq DESC LIMIT 1) WHERE tenant_id = 'default';",
    );
    assert!(verify_database(&server).status.success());
    server.start_again();
    assert!(server.nova(&["audit", "verify"]).status.success());
    let cut = server.nova(&["audit", "verify", "--anchors", anchors]);
    assert_eq!(cut.status.code(), Some(1));
    assert!(text(&cut).contains("the anchor names entry"), "{}", text(&cut));
    let again = server.nova(&["audit", "verify", "--anchors", anchors]);
    assert_eq!(again.status.code(), Some(1), "a broken log does not become the new anchor");

    let bad = server.dir.join("bad.json");
    std::fs::write(&bad, "[]").unwrap();
    let refused = server.nova(&["audit", "verify", "--anchors", bad.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused));
}
