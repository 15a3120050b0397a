//! A server without `--dev`: nobody gets in without a key, and the first one is shown once.

use std::time::{Duration, Instant};

use crate::server::{Server, command};

/// The key that the first start printed.
pub(crate) fn first_key(server: &Server) -> String {
    let begun = Instant::now();
    loop {
        let log = server.log();
        if let Some(key) = log.split_whitespace().find(|word| word.starts_with("nova_")) {
            return key.to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "no key was shown:\n{log}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_without_dev_takes_callers_with_a_key_only_and_keeps_it_over_a_kill() {
    let mut server = Server::start_guarded(&[]);
    assert_eq!(server.get("/functions").0, 401);
    assert_eq!(server.get("/health/live").0, 200);
    assert_eq!(server.request("GET", "/functions", &["Authorization: Bearer nova_wrong"], b"").0, 401);
    let key = first_key(&server);
    let bearer = format!("Authorization: Bearer {key}");
    assert_eq!(server.request("GET", "/functions", &[&bearer], b"").0, 200);
    server.kill_and_restart();
    assert_eq!(server.request("GET", "/functions", &[&format!("X-Api-Key: {key}")], b"").0, 200);
    assert_eq!(server.log().matches(&key).count(), 1, "it is shown one time");
    // A key for calls only calls.
    let made = server.request(
        "POST",
        "/functions",
        &[&bearer, "Content-Type: application/json"],
        br#"{"name": "mine", "runtime": "python", "handler": "main.handler", "code": "def handler(e, c): return 1"}"#,
    );
    assert_eq!(made.0, 201, "{}", made.1);
    let home = tempfile::tempdir().unwrap();
    let nova = |key: &str, arguments: &[&str]| {
        command(&server.url()).env("NOVA_KEY", key).env("HOME", home.path()).args(arguments).output().unwrap()
    };
    let made = nova(&key, &["key", "create", "caller", "--role", "invoker", "-o", "json"]);
    let text = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(made.status.success(), "{text}{}", String::from_utf8_lossy(&made.stderr));
    let caller: serde_json::Value = serde_json::from_str(&text).unwrap();
    let caller = caller["secret"].as_str().unwrap();
    assert!(nova(caller, &["invoke", "mine"]).status.success());
    let refused = nova(caller, &["fn", "delete", "mine", "--yes"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("permission_denied"));
}

#[test]
fn the_client_of_aws_for_python_calls_functions_with_a_key_pair() {
    let server = Server::start_guarded(&[]);
    let key = first_key(&server);
    let nova = |arguments: &[&str]| {
        let output = command(&server.url()).env("NOVA_KEY", &key).args(arguments).output().unwrap();
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
        assert!(output.status.success(), "{arguments:?}: {out}{err}\n{}", server.log());
        out.into_owned()
    };
    let code = "def handler(event, context):\n    if event.get('fail'):\n        raise ValueError('as asked')\n    \
                print('greeting', event.get('name'))\n    sent = context.client_context\n    \
                return {'hello': event.get('name'), **({'custom': sent.custom, 'title': sent.client.app_title} if sent else {})}\n";
    for name in ["hello", "secret"] {
        let body =
            serde_json::json!({"name": name, "runtime": "python", "handler": "main.handler", "code": code});
        let headers = [&format!("Authorization: Bearer {key}"), "Content-Type: application/json"];
        let made = server.request("POST", "/functions", &headers, body.to_string().as_bytes());
        assert_eq!(made.0, 201, "{}", made.1);
    }
    let pair = ["key", "create", "boto", "--aws", "--role", "invoker@default/hello*", "-o", "json"];
    let made: serde_json::Value = serde_json::from_str(&nova(&pair)).unwrap();
    let of_unknown =
        nova(&["key", "create", "other", "--aws", "--role", "invoker@default/nobody", "-o", "json"]);
    assert!(of_unknown.contains("access_key_id"));
    // A name that does not exist is told from one that is not allowed only by who may call it.
    let grant = [
        "key",
        "create",
        "boto",
        "--aws",
        "--role",
        "invoker@default/hello*",
        "--role",
        "invoker@default/nobody",
        "-o",
        "json",
    ];
    let both: serde_json::Value = serde_json::from_str(&nova(&grant)).unwrap();
    let (id, secret) = (both["access_key_id"].as_str().unwrap(), both["secret"].as_str().unwrap());
    assert!(nova(&["key", "list"]).contains(id));
    assert!(!nova(&["key", "list", "-o", "json"]).contains(secret));
    let run = |id: &str, secret: &str| {
        std::process::Command::new(crate::server::root().join("scripts/boto3"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/lambda_client.py"))
            .args([&server.url(), id, secret])
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap()
    };
    let told = run(id, secret);
    let text = String::from_utf8_lossy(&[told.stdout, told.stderr].concat()).into_owned();
    assert!(text.contains("all good"), "{text}\n{}", server.log());
    let queued = text.lines().find_map(|line| line.strip_prefix("queued /v1/async-invocations/")).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&nova(&["job", "wait", queued])).unwrap();
    let expected = serde_json::json!({"hello": "later", "custom": {"who": "é"}, "title": "test"});
    assert_eq!(answer, expected);
    // A pair that is revoked opens nothing any more; the one beside it does.
    nova(&["key", "revoke", both["key"]["id"].as_str().unwrap()]);
    let told = run(id, secret);
    assert!(String::from_utf8_lossy(&told.stderr).contains("UnrecognizedClientException"));
    assert!(made["key"]["aws"] == true && made["access_key_id"] != both["access_key_id"]);
    // The secret is nowhere in clear.
    for found in files_below(&server.dir) {
        let bytes = std::fs::read(&found).unwrap_or_default();
        let shown = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!shown, "{}", found.display());
    }
}

#[test]
fn a_function_lets_in_whom_its_policy_names_and_functions_by_their_keys() {
    let server = Server::start_guarded(&[]);
    let key = first_key(&server);
    let nova_as = |key: &str, arguments: &[&str]| {
        command(&server.url()).env("NOVA_KEY", key).args(arguments).output().unwrap()
    };
    let nova = |arguments: &[&str]| {
        let output = nova_as(&key, arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{err}\n{}", server.log());
        out.into_owned()
    };
    let body = |name: &str| serde_json::json!({"name": name, "runtime": "python", "handler": "main.handler", "code": "def handler(e, c): return 1"});
    for name in ["pay", "cart"] {
        let headers = [&format!("Authorization: Bearer {key}"), "Content-Type: application/json"];
        let made = server.request("POST", "/functions", &headers, body(name).to_string().as_bytes());
        assert_eq!(made.0, 201, "{}", made.1);
    }
    let make = |name: &str, more: &[&str]| {
        let mut arguments = vec!["key", "create", name, "-o", "json"];
        arguments.extend(more);
        let made: serde_json::Value = serde_json::from_str(&nova(&arguments)).unwrap();
        (made["key"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    };
    let (ada_id, ada) = make("ada", &["--role", "invoker"]);
    let (_, bob) = make("bob", &["--role", "invoker"]);
    let (_, cart) = make("cart", &["--role", "invoker", "--for-function", "cart"]);
    let (_, operator) = make("operator", &["--role", "operator"]);
    let call = |key: &str, path: &str, more: &[&str]| {
        let bearer = format!("Authorization: Bearer {key}");
        let mut headers = vec![bearer.as_str(), "Content-Type: application/json"];
        headers.extend(more);
        server.request("POST", path, &headers, b"{}")
    };
    let ways =
        ["/functions/pay/invoke", "/functions/pay/invoke-stream", "/2015-03-31/functions/pay/invocations"];
    let let_in = |key: &str, more: &[&str]| {
        let statuses: Vec<u16> = ways.iter().map(|way| call(key, way, more).0).collect();
        assert!(statuses.iter().all(|status| *status == statuses[0]), "the same by every door: {statuses:?}");
        assert!(matches!(statuses[0], 200 | 403), "{statuses:?}");
        statuses[0] == 200
    };
    assert!(let_in(&ada, &[]) && let_in(&bob, &[]) && let_in(&cart, &[]));
    let before = nova(&["fn", "versions", "pay", "-o", "json"]);
    nova(&[
        "fn",
        "update",
        "pay",
        "--allow-caller",
        &format!("key:{ada_id}"),
        "--allow-caller",
        "function:cart",
    ]);
    assert!(let_in(&ada, &[]) && let_in(&cart, &[]) && !let_in(&bob, &[]));
    // Whoever only says to be a function is not.
    assert!(!let_in(&bob, &["X-Nova-Call-Chain: cart"]));
    assert!(!let_in(&key, &[]), "an administrator who is not named is refused like others");
    let refused = call(&bob, ways[0], &[]);
    assert!(refused.1.contains("permission_denied") && refused.1.contains("invoke_policy"), "{}", refused.1);
    assert!(call(&bob, ways[2], &["X-Amz-Invocation-Type: DryRun"]).0 == 403);
    // Deny wins, and a claim is enough to be kept out.
    nova(&[
        "fn",
        "update",
        "pay",
        "--any-caller",
        "--deny-caller",
        "function:cart",
        "--deny-caller",
        &format!("key:{ada_id}"),
    ]);
    assert!(!let_in(&ada, &[]) && !let_in(&cart, &[]) && let_in(&bob, &[]));
    assert!(!let_in(&bob, &["X-Nova-Call-Chain: cart"]));
    // A function cannot hide that it calls itself.
    let looped = call(&cart, "/functions/cart/invoke", &[]);
    assert_eq!(looped.0, 508, "{}", looped.1);
    // It makes no version, is shown, and is not an operator's to change.
    assert_eq!(before, nova(&["fn", "versions", "pay", "-o", "json"]));
    assert!(nova(&["fn", "show", "pay"]).contains("function:cart"));
    let tried = nova_as(&operator, &["fn", "update", "pay", "--any-caller"]);
    assert!(String::from_utf8_lossy(&tried.stderr).contains("function:share"));
    assert!(nova_as(&operator, &["fn", "update", "pay", "--memory", "256"]).status.success());
    let bad = nova_as(&key, &["fn", "update", "pay", "--allow-caller", "team:x"]);
    assert!(String::from_utf8_lossy(&bad.stderr).contains("names no callers"));
    // Nothing that was refused is a run.
    let runs = nova(&["fn", "runs", "pay", "-o", "json"]);
    assert!(!runs.contains("platform_error"), "{runs}");
    nova(&["fn", "update", "pay", "--any-caller"]);
    assert!(let_in(&ada, &[]) && let_in(&bob, &[]));
}

#[test]
fn people_accounts_roles_and_sessions_are_managed_from_the_command_line() {
    let server = Server::start_guarded(&[]);
    let key = first_key(&server);
    let nova_as = |key: &str, arguments: &[&str]| {
        command(&server.url()).env("NOVA_KEY", key).args(arguments).output().unwrap()
    };
    let nova = |arguments: &[&str]| {
        let output = nova_as(&key, arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{err}\n{}", server.log());
        out.into_owned()
    };
    let told = |output: std::process::Output| {
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let json = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();

    // An invitation becomes a member.
    let link = nova(&["user", "invite", "ada@example.com", "--role", "admin"]);
    let (address, secret) = link.trim().split_once("/ui/accept#").unwrap();
    assert_eq!(address, server.url());
    assert!(nova(&["user", "invitations"]).contains("ada@example.com"));
    let body = serde_json::json!({"secret": secret, "name": "Ada", "password": "a long enough password"});
    let json_type = "Content-Type: application/json";
    let accepted = server.request("POST", "/auth/accept", &[json_type], body.to_string().as_bytes());
    assert_eq!(accepted.0, 200, "{}", accepted.1);
    let ada = json(nova(&["user", "show", "ADA@example.com", "-o", "json"]));
    let ada_id = ada["user"].as_str().unwrap().to_owned();
    assert_eq!((&ada["role"], &ada["name"]), (&"admin".into(), &"Ada".into()));
    assert!(nova(&["user", "list", "-o", "yaml"]).contains("email: ada@example.com"));
    assert!(nova(&["user", "show", &ada_id, "--of-server"]).contains("active"));
    assert!(nova(&["user", "set-role", "ada@example.com", "member"]).contains("member"));
    let nobody = told(nova_as(&key, &["user", "show", "bob@example.com"]));
    assert!(nobody.0 == Some(5) && nobody.1.contains("nova user list"), "{}", nobody.1);

    // A role of one's own, for an account with a key.
    let made = nova(&[
        "role",
        "create",
        "caller",
        "--permission",
        "function:invoke",
        "--permission",
        "function:read",
    ]);
    assert!(made.contains("function:invoke"));
    let wrong = told(nova_as(&key, &["role", "create", "odd", "--permission", "function:fly"]));
    assert!(wrong.0 == Some(3) && wrong.1.contains("function:fly"), "{}", wrong.1);
    let account = json(nova(&["account", "create", "robot", "--description", "of a test", "-o", "json"]));
    let subject = account["subject"].as_str().unwrap();
    let bound = json(nova(&["binding", "create", subject, "caller@default/pay-*", "-o", "json"]));
    let binding = bound["id"].as_str().unwrap().to_owned();
    assert!(nova(&["binding", "list"]).contains("pay-*"));
    let made = json(nova(&["key", "create", "of-robot", "--service-account", "robot", "-o", "json"]));
    let robot = made["secret"].as_str().unwrap();
    assert!(told(nova_as(robot, &["whoami"])).1.contains("robot"));
    let refused = told(nova_as(robot, &["user", "list"]));
    assert!(refused.0 == Some(3) && refused.1.contains("member:read"), "{}", refused.1);
    assert!(
        nova(&["role", "update", "caller", "--add", "member:read", "--remove", "function:read"])
            .contains("member:read")
    );
    let built_in = told(nova_as(&key, &["role", "update", "viewer", "--add", "member:read"]));
    assert!(built_in.1.contains("built in"), "{}", built_in.1);
    let in_use = told(nova_as(&key, &["role", "delete", "caller"]));
    assert!(in_use.0 == Some(3) && in_use.1.contains("conflict"), "{}", in_use.1);
    nova(&["binding", "delete", &binding]);
    nova(&["role", "delete", "caller"]);
    nova(&["account", "delete", "robot"]);
    assert_eq!(told(nova_as(robot, &["whoami"])).0, Some(3));

    // Sessions are the caller's own; one that a key began shows where from.
    let begun = serde_json::json!({"key": key}).to_string();
    let headers = [json_type, "User-Agent: a test"];
    assert_eq!(server.request("POST", "/auth/sign-in", &headers, begun.as_bytes()).0, 200);
    let sessions = json(nova(&["session", "list", "-o", "json"]));
    assert_eq!((&sessions[0]["agent"], &sessions[0]["by"]), (&"a test".into(), &"key".into()));
    nova(&["session", "end", sessions[0]["id"].as_str().unwrap()]);
    assert_eq!(json(nova(&["session", "list", "-o", "json"])), serde_json::json!([]));

    // Out, and gone.
    assert!(nova(&["user", "disable", "ada@example.com"]).contains("disabled"));
    assert!(nova(&["user", "enable", &ada_id]).contains("active"));
    let asked = told(nova_as(&key, &["user", "remove", "ada@example.com"]));
    assert!(asked.0 == Some(5) && asked.1.contains("--yes"), "{}", asked.1);
    nova(&["user", "remove", "ada@example.com", "--yes"]);
    assert!(!nova(&["user", "list"]).contains("ada@example.com"));
    nova(&["user", "remove", "ada@example.com", "--of-server", "--yes"]);
    assert!(!nova(&["user", "list", "--of-server"]).contains("ada@example.com"));
    nova(&["user", "invite", "bob@example.com", "--of-server"]);
    let open = json(nova(&["user", "invitations", "--of-server", "-o", "json"]));
    nova(&["user", "withdraw", open[0]["id"].as_str().unwrap(), "--of-server"]);
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files_below(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}
