//! Functions on the web and rollouts, with the real binary, real interpreters and the CLI.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::server::{Server, shared};

/// Status, head and body of a request to the content listener. `curl` speaks chunked encoding.
fn visit(server: &Server, url: &str, more: &[&str]) -> (u16, String, Vec<u8>) {
    let output =
        Command::new("curl").args(["-s", "-i", "--max-time", "30"]).args(more).arg(url).output().unwrap();
    let at = output.stdout.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(output.stdout.len());
    let head = String::from_utf8_lossy(&output.stdout[..at]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no answer: {head}\n{}", server.log()));
    (status, head, output.stdout.get(at + 4..).unwrap_or_default().to_vec())
}

fn url_of(server: &Server, name: &str) -> String {
    server.nova_ok(&["fn", "url", name]).trim().to_owned()
}

const PYTHON: &str = r#"
def handler(event, context):
    path = event["path"]
    if path == "/plain":
        return {"method": event["method"], "body": event["body"]}
    if path == "/text":
        return "just text"
    if path == "/binary":
        return {"statusCode": 200, "headers": {"Content-Type": "image/x"}, "body": "AAECAw==", "isBase64Encoded": True}
    if path == "/raise":
        raise ValueError("inner details")
    if path == "/slow":
        import time
        time.sleep(30)
    if path == "/written":
        context.write({"statusCode": 202, "headers": {"Content-Type": "text/x"}})
        context.write(b"\x00\x01")
        context.write("two")
        return None
    return stream()


def stream():
    yield {"statusCode": 201, "headers": {"Content-Type": "text/event-stream"}, "cookies": ["a=1"]}
    for word in ("one", "two"):
        yield f"data: {word}\n\n"
"#;

const NODE: &str = r#"
exports.handler = async (event, context) => {
  if (event.path === '/plain') return { method: event.method, query: event.query };
  if (event.path === '/written') {
    await context.write({ statusCode: 202, headers: { 'Content-Type': 'text/x' } });
    await context.write(Buffer.from([0, 1]));
    await context.write('two');
    return;
  }
  return (async function* () {
    yield { statusCode: 201, headers: { 'Content-Type': 'text/event-stream' }, cookies: ['a=1'] };
    for (const word of ['one', 'two']) yield `data: ${word}\n\n`;
  })();
};
"#;

const RUBY: &str = r#"
def handler(event:, context:)
  return { method: event["method"], query: event["query"] } if event["path"] == "/plain"
  if event["path"] == "/written"
    context.write({ statusCode: 202, headers: { "Content-Type" => "text/x" } })
    context.write("\x00\x01".b)
    context.write("two")
    return nil
  end
  Enumerator.new do |out|
    out << { statusCode: 201, headers: { "Content-Type" => "text/event-stream" }, cookies: ["a=1"] }
    %w[one two].each { |word| out << "data: #{word}\n\n" }
  end
end
"#;

#[test]
fn functions_in_each_language_answer_and_stream_with_a_head_of_their_own() {
    let server = shared();
    for (runtime, code) in [("python", PYTHON), ("node", NODE), ("ruby", RUBY)] {
        let name = format!("web-{runtime}");
        server.create(&name, runtime, Some("main.handler"), code, "\"http\": \"public\"");
        let url = url_of(server, &name);
        let (status, head, body) = visit(server, &format!("{url}/plain?x=1"), &[]);
        let text = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(status, 200, "{runtime}: {text}\n{}", server.log());
        assert!(head.contains("content-type: application/json") && text.contains("\"GET\""), "{head} {text}");
        let (status, head, body) = visit(server, &url, &[]);
        assert_eq!((status, body.as_slice()), (201, &b"data: one\n\ndata: two\n\n"[..]), "{runtime}: {head}");
        assert!(head.contains("text/event-stream") && head.contains("set-cookie: a=1"), "{head}");
        assert!(head.contains("nosniff"), "{head}");
        let (status, head, body) = visit(server, &format!("{url}/written"), &[]);
        assert_eq!((status, body.as_slice()), (202, &b"\x00\x01two"[..]), "{runtime}: {head}");
    }
    let url = url_of(server, "web-python");
    assert_eq!(visit(server, &format!("{url}/text"), &[]).2, b"\"just text\"");
    let (_, head, body) = visit(server, &format!("{url}/binary"), &[]);
    assert!(head.contains("image/x") && head.contains("nova-version: 1") && body == [0, 1, 2, 3], "{head}");
    let (status, _, body) = visit(server, &format!("{url}/plain"), &["-d", "a=b"]);
    assert_eq!((status, String::from_utf8_lossy(&body).contains("a=b")), (200, true));
    let (status, head, _) = visit(server, &format!("{url}/raise"), &[]);
    assert!(status == 502 && head.contains("nova-failed-by: function"), "{head}");
    let runs = server.nova_ok(&["fn", "runs", "web-python", "--output", "json"]);
    assert!(runs.contains("\"source\": \"http\""), "{runs}");
    server.nova_ok(&["fn", "update", "web-python", "--timeout", "1"]);
    assert_eq!(visit(server, &format!("{url}/slow"), &[]).0, 504);
    server.nova_ok(&["fn", "update", "web-python", "--http", "off"]);
    assert_eq!(visit(server, &url, &[]).0, 404);
}

#[test]
fn a_script_and_a_signed_address() {
    let server = shared();
    let code = "import json, sys\nevent = json.load(sys.stdin)\nprint(json.dumps({'statusCode': 203, 'body': event['rawQueryString']}))\n";
    server.create("web-script", "python", None, code, "\"http\": \"signed\"");
    let url = url_of(server, "web-script");
    assert_eq!(visit(server, &url, &[]).0, 403);
    let signed =
        server.nova_ok(&["fn", "url", "web-script", "--sign", "--expires", "1h", "--path", "/x?a=1"]);
    let (status, head, body) = visit(server, signed.trim(), &[]);
    assert_eq!((status, body.as_slice()), (203, &b"a=1"[..]), "{head}\n{}", server.log());
    assert_eq!(visit(server, signed.trim(), &["-X", "POST"]).0, 403);
}

/// Calls by the alias, so that a rollout has something to count; how many ran version 2.
fn calls(server: &Server, times: usize) -> usize {
    let version = || server.post("/functions/rolled/invoke?qualifier=live", "{}").1.contains("\"version\":2");
    (0..times).filter(|_| version()).count()
}

fn rollout(server: &Server) -> serde_json::Value {
    let text = server.nova_ok(&["rollout", "status", "rolled", "live", "--output", "json"]);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_rollout_goes_on_after_its_server_was_killed_and_stops_on_errors() {
    let mut server = Server::start(&["--set", "isolation.orphan_grace_s=1"]);
    let good = "def handler(event, context):\n    return 1\n";
    server.create("rolled", "python", Some("main.handler"), good, "");
    server.nova_ok(&["alias", "set", "rolled", "live", "1"]);
    let change = |server: &Server, code: &str| {
        let body = serde_json::json!({"code": code}).to_string();
        let (status, text) = server.request(
            "PATCH",
            "/functions/rolled",
            &["Content-Type: application/json"],
            body.as_bytes(),
        );
        assert_eq!(status, 200, "{text}");
    };
    change(&server, "def handler(event, context):\n    return 2\n");
    assert_eq!(calls(&server, 10), 0, "a deploy moves no alias");
    server.nova_ok(&[
        "rollout",
        "start",
        "rolled",
        "live",
        "2",
        "--steps",
        "50,100",
        "--interval",
        "3s",
        "--min-calls",
        "4",
    ]);
    assert!(calls(&server, 40) > 5);
    server.kill_and_restart();
    let begun = Instant::now();
    while rollout(&server)["status"] == "running" {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}\n{}", rollout(&server), server.log());
        calls(&server, 10);
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(rollout(&server)["status"], "done", "{}", rollout(&server));
    assert_eq!(calls(&server, 10), 10);

    // Version 3 fails: it loses its calls again, and the command says so.
    change(&server, "def handler(event, context):\n    raise ValueError('no')\n");
    server.nova_ok(&[
        "rollout",
        "start",
        "rolled",
        "live",
        "3",
        "--steps",
        "50,100",
        "--interval",
        "60s",
        "--min-calls",
        "5",
    ]);
    calls(&server, 30);
    let waited = server.nova(&["rollout", "status", "rolled", "live", "--wait"]);
    assert_eq!(waited.status.code(), Some(1), "{}", String::from_utf8_lossy(&waited.stdout));
    assert_eq!(rollout(&server)["status"], "failed");
    assert_eq!(calls(&server, 20), 20, "version 2 has all of them again");
    server.nova_ok(&["alias", "rollback", "rolled", "live"]);
    assert_eq!(calls(&server, 10), 0, "version 1, as before the first rollout");
    let shown = server.nova_ok(&["alias", "list", "rolled"]);
    assert!(shown.contains("v1 100 %"), "{shown}");
    assert_eq!(server.stop(), Some(0));
}
