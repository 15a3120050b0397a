//! The CLI: projects, exit codes, configuration.

use crate::server::{command, shared};

#[test]
fn a_new_project_deploys_answers_and_deploys_again_without_change() {
    let server = shared();
    let dir = tempfile::tempdir().unwrap();
    for runtime in ["python", "node", "ruby"] {
        let name = format!("init-{runtime}");
        let folder = dir.path().join(&name).display().to_string();
        server.nova_ok(&["init", runtime, &name, "--folder", &folder]);
        assert!(server.nova_ok(&["deploy", &folder]).contains("created"));
        assert!(server.nova_ok(&["deploy", &folder]).contains("unchanged"));
        let event = format!("@{folder}/event.json");
        assert!(server.nova_ok(&["invoke", &name, "-d", &event]).contains("Hello, Nova!"));
        std::fs::write(format!("{folder}/extra.txt"), "x").unwrap();
        assert!(server.nova_ok(&["deploy", &folder]).contains("changed: version 2"));
    }
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let server = shared();
    server.create(
        "exit-code",
        "python",
        Some("main.handler"),
        "def handler(e, c):\n    raise Exception('x')\n",
        "",
    );
    assert_eq!(server.nova(&["invoke", "exit-code"]).status.code(), Some(1));
    assert_eq!(server.nova(&["invoke"]).status.code(), Some(2));
    assert_eq!(server.nova(&["invoke", "not-there"]).status.code(), Some(3));
    assert_eq!(command("http://127.0.0.1:1").args(["fn", "list"]).output().unwrap().status.code(), Some(4));
    assert_eq!(server.nova(&["deploy", "/nonexistent"]).status.code(), Some(5));
}

#[test]
fn a_server_without_tls_is_reached_from_a_machine_without_authorities() {
    let empty = tempfile::tempdir().unwrap();
    let output = command(&shared().url())
        .args(["fn", "list"])
        .env("SSL_CERT_FILE", "/dev/null")
        .env("SSL_CERT_DIR", empty.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn lists_come_as_table_json_and_yaml() {
    let server = shared();
    server.create("listed", "python", None, "print(1)\n", "");
    assert!(server.nova_ok(&["fn", "list", "--search", "listed"]).contains("listed"));
    let json: serde_json::Value =
        serde_json::from_str(&server.nova_ok(&["fn", "list", "-o", "json"])).unwrap();
    assert!(json.as_array().unwrap().iter().any(|one| one["name"] == "listed"));
    assert!(server.nova_ok(&["fn", "show", "listed", "-o", "yaml"]).contains("name: listed"));
    server.nova_ok(&["fn", "delete", "listed", "--yes"]);
    assert_eq!(server.nova(&["fn", "show", "listed"]).status.code(), Some(3));
}

#[test]
fn the_configuration_shows_origins_and_refuses_unknown_keys() {
    let output = command("http://x").args(["config", "show", "--listen", "127.0.0.1:1"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("flag --listen") && text.contains("default"), "{text}");
    let output = command("http://x").args(["config", "show", "--set", "server.lisen=1"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5));
    assert!(text.contains("flag --set") && text.contains("did you mean `server.listen`"), "{text}");
}

#[test]
fn dev_mode_refuses_to_be_reached_from_outside() {
    let output = command("http://x").args(["serve", "--dev", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"));
}

#[test]
fn runtimes_and_doctor_show_the_host() {
    let server = shared();
    assert!(server.nova_ok(&["runtimes"]).contains("python"));
    let run = server.dir.join("d").display().to_string();
    let text = server.nova_ok(&["doctor", "--dev", "--data-dir", &run]);
    assert!(text.contains("isolation: namespaces") && text.contains("stock python"), "{text}");
}

/// What `nova doctor` says of something, and whether that is good; `None`: nothing.
fn doctor(data: &std::path::Path, settings: &[&str], about: &str) -> Option<(bool, String)> {
    let mut command = command("http://127.0.0.1:1");
    command.args(["doctor", "-o", "json", "--data-dir"]).arg(data);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let output = command.output().unwrap();
    let checks: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let found = checks.as_array().unwrap().iter().find(|check| check["check"] == about)?;
    Some((found["ok"] == true, found["detail"].as_str().unwrap().to_owned()))
}

#[test]
fn doctor_tells_of_a_master_key_that_can_be_guessed_or_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master.key");
    let key = |settings: &[&str]| doctor(folder.path(), settings, "master key").unwrap();
    let none = key(&[]);
    assert!(none.0 && none.1.contains("none yet") && !file.exists(), "{}", none.1);
    let weak = "0123456789abcdef".repeat(4);
    let by_setting = key(&[&format!("secrets.keys={weak}")]);
    assert!(!by_setting.0 && by_setting.1.contains("openssl rand -hex 32"), "{}", by_setting.1);
    std::fs::write(&file, &weak).unwrap();
    let mode =
        |mode| std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o600);
    let by_file = key(&[]);
    assert!(!by_file.0 && by_file.1.contains("rotate-key"), "{}", by_file.1);
    mode(0o644);
    let open = key(&[]);
    assert!(!open.0 && open.1.contains("chmod 600"), "{}", open.1);
    for told in [by_setting, by_file, open] {
        assert!(!told.1.contains(&weak), "the key itself is told: {}", told.1);
    }
    let good = "8d1f0a6e5b2c49d7a3f8e1047c96b5d2e0f3a18b6c7d4952ff0e1d3a8b9c2764";
    let good = key(&[&format!("secrets.keys={good}")]);
    assert!(good.0, "{}", good.1);
}

#[test]
fn doctor_tells_of_functions_served_in_clear_and_of_proxies_that_anybody_could_be() {
    let folder = tempfile::tempdir().unwrap();
    let says = |settings: &[&str], about: &str| doctor(folder.path(), settings, about);
    assert!(says(&[], "content").unwrap().0);
    let open = says(&["content.listen=0.0.0.0:9001"], "content").unwrap();
    assert!(!open.0 && open.1.contains("in clear"), "{}", open.1);
    assert!(says(&["content.listen=off"], "content").is_none());
    assert!(says(&[], "trusted proxies").is_none());
    assert!(says(&["server.trusted_proxies=10.0.0.5"], "trusted proxies").unwrap().0);
    let every = says(&["server.trusted_proxies=0.0.0.0/0"], "trusted proxies").unwrap();
    assert!(!every.0 && every.1.contains("everybody"), "{}", every.1);
}
