//! What people connect to works from inside a sandbox: HTTPS, a WebSocket, a PostgreSQL server.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use nova_domain::FunctionName;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Case, Stage, cases};
use crate::support::names;

pub fn cases() -> Vec<Case> {
    cases!["protocols";
        an_https_call_by_name_checks_the_certificate,
        a_websocket_over_tls_stays_open,
        a_postgresql_client_connects,
    ]
}

/// The program `far.py`; ends when this is dropped.
struct Far {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Far {
    fn start(name: &str) -> Self {
        names::set(name, &[&["127.0.0.1"]]);
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("/usr/bin/python3")
            .args(["-c", include_str!("../probes/far.py")])
            .arg(folder.path())
            .arg(name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the port: is openssl installed?");
        Self { child, folder, port }
    }

    fn deploy(&self, stage: &Stage, name: &str, source: &str) -> FunctionName {
        let mut draft = stage.world.python(source);
        let ca = std::fs::read(self.folder.path().join("ca.pem")).unwrap();
        draft.add_file("ca.pem", ca);
        let rules = [format!("{name}:{}", self.port), format!("127.0.0.0/8:{}", self.port)];
        draft.network(&rules).deploy(&stage.world)
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub async fn an_https_call_by_name_checks_the_certificate(stage: Arc<Stage>) {
    let source = "
import hashlib, ssl, urllib.error, urllib.request
def handler(event, context):
    url = 'https://%s:%d/' % (event['host'], event['port'])
    trusted = ssl.create_default_context(cafile='/code/ca.pem')
    said = urllib.request.urlopen(url, context=trusted, timeout=10).read().decode()
    body = b'0123456789abcdef' * 65536
    sent = urllib.request.urlopen(url, body, context=trusted, timeout=10).read().decode()
    try:
        urllib.request.urlopen(url, context=ssl.create_default_context(), timeout=10)
        stranger = 'trusted'
    except urllib.error.URLError as error:
        stranger = type(error.reason).__name__
    return [said, sent == hashlib.sha256(body).hexdigest(), stranger]
";
    let name = "api.far.test";
    let far = Far::start(name);
    let function = far.deploy(&stage, name, source);
    let found = stage.world.value(&function, json!({ "host": name, "port": far.port })).await;
    assert_eq!(found, json!(["hello api.far.test", true, "SSLCertVerificationError"]));
}

pub async fn a_websocket_over_tls_stays_open(stage: Arc<Stage>) {
    let source = "
import base64, os, socket, ssl, time
def handler(event, context):
    plain = socket.create_connection((event['host'], event['port']), timeout=10)
    stream = ssl.create_default_context(cafile='/code/ca.pem').wrap_socket(plain, server_hostname=event['host'])
    key = base64.b64encode(os.urandom(16)).decode()
    stream.sendall(('GET / HTTP/1.1\\r\\nHost: %s\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n'
        'Sec-WebSocket-Key: %s\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n' % (event['host'], key)).encode())
    head = b''
    while b'\\r\\n\\r\\n' not in head:
        head += stream.recv(1000)
    said = [head.split(b' ')[1].decode()]
    for word in event['words']:
        mask, data = os.urandom(4), word.encode()
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        stream.sendall(bytes([0x81, 0x80 | len(data)]) + mask + masked)
        said.append(stream.recv(1000)[2:].decode())
        time.sleep(0.3)
    return said
";
    let name = "socket.far.test";
    let far = Far::start(name);
    let function = far.deploy(&stage, name, source);
    let event = json!({ "host": name, "port": far.port, "words": ["one", "two", "three"] });
    assert_eq!(stage.world.value(&function, event).await, json!(["101", "one", "two", "three"]));
}

pub async fn a_postgresql_client_connects(stage: Arc<Stage>) {
    let url = std::env::var("NOVA_TEST_POSTGRES").expect(
        "the environment variable NOVA_TEST_POSTGRES is not set: run `scripts/postgres start DIR` and set it to the URL \
         that it prints, then test again",
    );
    let rest = url.split_once("://").unwrap().1;
    let (user, place) = rest.rsplit_once('@').unwrap();
    let (address, database) = place.split_once('/').unwrap();
    let port: u16 = address.rsplit_once(':').unwrap().1.parse().unwrap();
    names::set("db.far.test", &[&["127.0.0.1"]]);
    let program = format!(
        "#!/bin/sh\nexec /usr/lib/postgresql/*/bin/psql -X 'postgresql://{user}@db.far.test:{port}/{database}' -Atc 'select 6 * 7'\n"
    );
    let rules = [format!("db.far.test:{port}"), format!("127.0.0.1:{port}")];
    let function = stage.world.program(program.as_bytes()).network(&rules).deploy(&stage.world);
    assert_eq!(stage.world.value(&function, Value::Null).await, 42);
}
