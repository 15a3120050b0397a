//! What a policy opens can be reached from inside, and nothing else.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nova_domain::FunctionName;
use nova_domain::log::LogStream;
use serde_json::{Value, json};

use super::{Case, Stage, assert_all, cases};
use crate::support::{eventually, names};

const PROBES: &str = include_str!("../probes/network.py");
/// What code sees of a connection that was taken and then refused.
const BROKEN: &[&str] = &["ECONNRESET", "EPIPE"];
const CLOSED: &[&str] = &["ECONNREFUSED"];

pub fn cases() -> Vec<Case> {
    cases!["network";
        without_a_policy_no_name_exists_and_the_log_says_what_to_do,
        an_allowed_name_and_port_can_be_reached,
        a_name_or_port_that_no_rule_names_cannot,
        a_name_that_moves_to_a_private_address_is_refused,
        addresses_of_the_inside_need_a_rule_of_their_own,
        the_server_itself_is_refused_even_by_its_public_name,
        bytes_arrive_unchanged_in_both_directions,
        a_half_closed_connection_still_brings_the_answer,
        a_broken_connection_looks_broken,
        one_sandbox_has_a_bounded_number_of_connections,
        connections_end_with_their_sandbox,
        malformed_and_many_questions_do_no_harm,
        nothing_but_tcp_gets_out,
        two_sandboxes_do_not_reach_each_other,
    ]
}

/// Answers whatever is sent with the same; counts who came.
pub struct Echo {
    pub port: u16,
    pub came: Arc<AtomicUsize>,
    pub open: Arc<AtomicUsize>,
}

impl Echo {
    pub fn start() -> Self {
        Self::at("127.0.0.1")
    }

    pub fn at(address: &str) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (came, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counter, opened) = (came.clone(), open.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                let opened = opened.clone();
                opened.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    echo(stream);
                    opened.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, came, open }
    }

    fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

fn echo(mut stream: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 || stream.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

fn deploy(stage: &Stage, rules: &[String]) -> FunctionName {
    stage.world.probe(PROBES).network(rules).deploy(&stage.world)
}

fn rules(rules: &[&str]) -> Vec<String> {
    rules.iter().map(|rule| (*rule).to_owned()).collect()
}

fn unique(name: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{name}{}.test", COUNT.fetch_add(1, Ordering::SeqCst))
}

async fn talk(stage: &Stage, function: &FunctionName, targets: &[(&str, u16)]) -> Value {
    stage.world.value(function, json!({ "probe": "talk", "targets": targets })).await
}

/// The result and the log of a call.
async fn with_log(stage: &Stage, function: &FunctionName, event: Value) -> (Value, String) {
    let outcome = stage.world.invoke(function, event.clone()).await.unwrap();
    for line in outcome.logs.iter().filter(|line| line.text.starts_with("network refused")) {
        assert_eq!(line.stream, LogStream::Platform, "it is no output of the code: {}", line.text);
    }
    let log = outcome.logs.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
    (crate::support::world::value_of(Ok(outcome), &event), log)
}

pub async fn without_a_policy_no_name_exists_and_the_log_says_what_to_do(stage: Arc<Stage>) {
    let function = deploy(&stage, &[]);
    let echo = Echo::start();
    // The first call goes by the agent, later ones may not. (What was told just now is not told again.)
    for name in ["plain.test", "plainer.test", "plainest.test"] {
        names::set(name, &[&["127.0.0.1"]]);
        let event = json!({"probe": "talk", "targets": [[name, echo.port], ["93.184.216.34", 443],
            ["127.0.0.1", echo.port]]});
        let (found, log) = with_log(&stage, &function, event).await;
        assert_eq!(found[format!("{name}:{}", echo.port)], "no such name");
        assert_eq!(found["93.184.216.34:443"], "ECONNREFUSED");
        assert_eq!(found[format!("127.0.0.1:{}", echo.port)], "ECONNREFUSED");
        let advice = format!("nova fn update {function} --allow-network {name}:443");
        assert!(log.contains(&advice), "{log}");
    }
    assert_eq!(echo.came(), 0);
}

pub async fn an_allowed_name_and_port_can_be_reached(stage: Arc<Stage>) {
    let echo = Echo::start();
    let name = unique("api");
    names::set(&name, &[&["127.0.0.1"]]);
    let function = deploy(&stage, &[format!("*.test:{}", echo.port), format!("127.0.0.1:{}", echo.port)]);
    for _ in 0..3 {
        let found = talk(&stage, &function, &[(&name, echo.port)]).await;
        assert_eq!(found[format!("{name}:{}", echo.port)], "hello");
    }
    assert_eq!(echo.came(), 3);
}

pub async fn a_name_or_port_that_no_rule_names_cannot(stage: Arc<Stage>) {
    let (echo, other) = (Echo::start(), Echo::start());
    let (allowed, elsewhere) = (unique("allowed"), unique("elsewhere"));
    names::set(&allowed, &[&["127.0.0.1"]]);
    names::set(&elsewhere, &[&["127.0.0.1"]]);
    // Another rule opens the second port, for another name.
    let function = deploy(
        &stage,
        &[
            format!("{allowed}:{}", echo.port),
            format!("127.0.0.1:{}", echo.port),
            format!("another.test:{}", other.port),
        ],
    );
    let event = json!({"probe": "talk", "targets": [[elsewhere, echo.port], [allowed, other.port],
        [allowed, 4], ["127.0.0.1", other.port], ["93.184.216.34", 443]]});
    let (found, log) = with_log(&stage, &function, event).await;
    assert_eq!(found[format!("{elsewhere}:{}", echo.port)], "no such name");
    let broken = |key: String| assert!(BROKEN.contains(&found[&key].as_str().unwrap()), "{found}");
    broken(format!("{allowed}:{}", other.port));
    broken(format!("127.0.0.1:{}", other.port));
    broken("93.184.216.34:443".to_owned());
    assert_eq!(found[format!("{allowed}:4")], "ECONNREFUSED");
    for rule in [
        format!("{elsewhere}:443"),
        format!("{allowed}:{}", other.port),
        format!("127.0.0.1:{}", other.port),
        "93.184.216.34:443".to_owned(),
    ] {
        assert!(log.contains(&format!("nova fn update {function} --allow-network {rule}")), "{rule}: {log}");
    }
    assert_eq!((echo.came(), other.came()), (0, 0));
}

pub async fn a_name_that_moves_to_a_private_address_is_refused(stage: Arc<Stage>) {
    let echo = Echo::start();
    let name = unique("moves");
    // First asked by the look-up inside. Where it points by then is what counts.
    names::set(&name, &[&["203.0.113.1"], &["127.0.0.1"]]);
    let function = deploy(&stage, &[format!("{name}:{}", echo.port)]);
    let (_, log) = with_log(&stage, &function, json!({"probe": "lookup", "names": [name]})).await;
    assert_eq!(log, "");
    names::set(&name, &[&["127.0.0.1"]]);
    let second = deploy(&stage, &[format!("{name}:{}", echo.port)]);
    let event = json!({"probe": "talk", "targets": [[name, echo.port]]});
    let (found, log) = with_log(&stage, &second, event).await;
    assert_all(&found, BROKEN);
    assert!(log.contains("loopback address of the server"), "{log}");
    assert!(log.contains(&format!("--allow-network 127.0.0.1:{}", echo.port)), "{log}");
    assert_eq!(echo.came(), 0, "somebody came");
}

pub async fn addresses_of_the_inside_need_a_rule_of_their_own(stage: Arc<Stage>) {
    let function = deploy(&stage, &rules(&["*:80,443"]));
    let targets = ["127.0.0.1", "127.0.0.53", "10.0.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"]
        .map(|address| (address, 80));
    let found = talk(&stage, &function, &targets).await;
    assert_all(&found, BROKEN);
}

pub async fn the_server_itself_is_refused_even_by_its_public_name(stage: Arc<Stage>) {
    // This stage's own port is a listener of this test; see `Stage::new`.
    let own = Stage::own_listener();
    let port = own.local_addr().unwrap().port();
    let name = unique("self");
    let Some(public) = own_public_address() else { return };
    names::set(&name, &[&[&public]]);
    let function = deploy(&stage, &[format!("{name}:{port}")]);
    let event = json!({"probe": "talk", "targets": [[name, port]]});
    let (found, log) = with_log(&stage, &function, event).await;
    assert_all(&found, BROKEN);
    assert!(log.contains("this server itself"), "{log}");
}

/// An address of this machine that a name may lead to; few have one.
fn own_public_address() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("203.0.113.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip().to_string();
    let private =
        address.starts_with("10.") || address.starts_with("192.168.") || address.starts_with("172.");
    (!private).then_some(address)
}

pub async fn bytes_arrive_unchanged_in_both_directions(stage: Arc<Stage>) {
    let echo = Echo::start();
    let function = deploy(&stage, &[format!("127.0.0.1:{}", echo.port)]);
    let size = 40_000_000;
    let event = json!({"probe": "bulk", "host": "127.0.0.1", "port": echo.port, "bytes": size});
    assert_eq!(stage.world.value(&function, event).await, json!({"got": size, "wrong": 0}));
}

pub async fn a_half_closed_connection_still_brings_the_answer(stage: Arc<Stage>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = String::new();
        stream.read_to_string(&mut question).unwrap();
        stream.write_all(format!("answer to {question}").as_bytes()).unwrap();
    });
    let function = deploy(&stage, &[format!("127.0.0.1:{port}")]);
    let event = json!({"probe": "half_close", "host": "127.0.0.1", "port": port});
    assert_eq!(stage.world.value(&function, event).await, "answer to question");
}

pub async fn a_broken_connection_looks_broken(stage: Arc<Stage>) {
    // Nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let function = deploy(&stage, &[format!("127.0.0.1:{port}")]);
    let event = json!({"probe": "talk", "targets": [["127.0.0.1", port]]});
    let (found, log) = with_log(&stage, &function, event).await;
    assert_all(&found, BROKEN);
    assert!(log.contains("could not be reached") && log.contains("refused"), "{log}");
}

pub async fn one_sandbox_has_a_bounded_number_of_connections(stage: Arc<Stage>) {
    let echo = Echo::start();
    let function = deploy(&stage, &[format!("127.0.0.1:{}", echo.port)]);
    let event = json!({"probe": "hold", "host": "127.0.0.1", "port": echo.port, "count": 40});
    let (works, log) = with_log(&stage, &function, event).await;
    assert_eq!(works, Stage::CONNECTIONS);
    assert!(log.contains("connections of one sandbox at once"), "{log}");
    eventually("they are closed", || (echo.open.load(Ordering::SeqCst) == 0).then_some(())).await;
    // The places are free again.
    let found = talk(&stage, &function, &[("127.0.0.1", echo.port)]).await;
    assert_all(&found, &["hello"]);
}

pub async fn connections_end_with_their_sandbox(stage: Arc<Stage>) {
    let echo = Echo::start();
    let function = stage
        .world
        .probe(PROBES)
        .network(&[format!("127.0.0.1:{}", echo.port)])
        .limits(|limits| limits.timeout_s = 1)
        .deploy(&stage.world);
    let event = json!({"probe": "hold", "host": "127.0.0.1", "port": echo.port, "count": 5, "seconds": 30});
    let error = stage.world.error(&function, event).await;
    assert_eq!(error.error_type, "Timeout");
    assert_eq!(echo.came(), 5);
    eventually("they are closed", || (echo.open.load(Ordering::SeqCst) == 0).then_some(())).await;
}

/// A question for `name` in hex.
fn question(name: &str, kind: u16) -> String {
    let mut packet = vec![1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        packet.push(label.len() as u8);
        packet.extend_from_slice(label.as_bytes());
    }
    packet.push(0);
    packet.extend_from_slice(&kind.to_be_bytes());
    packet.extend_from_slice(&[0, 1]);
    packet.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn malformed_and_many_questions_do_no_harm(stage: Arc<Stage>) {
    let name = unique("dns");
    names::set(&name, &[&["203.0.113.7"]]);
    let function = deploy(&stage, &[format!("{name}:443")]);
    let good = question(&name, 1);
    let packets = json!(["", "00", "ff".repeat(1000), good[..30], question(&name, 28), good]);
    let found = stage.world.value(&function, json!({"probe": "dns", "packets": packets})).await;
    let found = found.as_array().unwrap();
    assert!(found[..4].iter().all(Value::is_null), "{found:?}");
    let (aaaa, a) = (found[4].as_str().unwrap(), found[5].as_str().unwrap());
    assert_eq!(&aaaa[4..16], "818000010000");
    assert_eq!((&a[4..16], &a[a.len() - 8..]), ("818000010001", "7f400001"));
    let tcp = stage.world.value(&function, json!({"probe": "dns_tcp", "packet": good})).await;
    assert_eq!(tcp.as_str(), Some(a));
    let event =
        json!({"probe": "flood", "packet": question("nobody.example", 1), "count": 3000, "names": [name]});
    let (found, log) = with_log(&stage, &function, event).await;
    assert_eq!(found[&name], json!(["127.64.0.1"]));
    assert_eq!(log.matches("nobody.example:443").count(), 1, "one line is enough: {log}");
}

pub async fn nothing_but_tcp_gets_out(stage: Arc<Stage>) {
    let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let function = deploy(&stage, &[format!("127.0.0.1:{port}"), "*:53,443".to_owned()]);
    let event = json!({"probe": "udp", "targets": [["127.0.0.1", port], ["8.8.8.8", 53], ["8.8.8.8", 443]]});
    assert_all(&stage.world.value(&function, event).await, CLOSED);
    listener.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(listener.recv(&mut [0; 10]).is_err(), "a packet came");
}

pub async fn two_sandboxes_do_not_reach_each_other(stage: Arc<Stage>) {
    let source = "
import socket, time
def handler(event, context):
    server = socket.create_server(('0.0.0.0', 8765))
    server.settimeout(event['seconds'])
    try:
        server.accept()
        return 'somebody came'
    except TimeoutError:
        return 'nobody came'
";
    let server = stage.world.python(source).network(&rules(&["*:443"])).deploy(&stage.world);
    let client = deploy(&stage, &rules(&["*:443,8765"]));
    let serving = stage.world.value(&server, json!({"seconds": 1.5}));
    let asking = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        talk(&stage, &client, &[("127.0.0.1", 8765), ("127.0.0.2", 8765), ("10.0.0.1", 8765)]).await
    };
    let (served, asked) = tokio::join!(serving, asking);
    assert_eq!(served, "nobody came");
    assert_all(&asked, BROKEN);
}
