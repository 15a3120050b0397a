//! TLS on the listener, with certificates of an authority of the test's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::access::first_key;
use crate::server::{Server, command, signal};

/// A folder with `ca.pem`, `cert.pem` and `key.pem`.
struct Authority(tempfile::TempDir);

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Authority {
    fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("nvca").tempdir_in("/tmp").unwrap();
        let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        openssl(dir.path(), &format!("req -x509 {curve} -keyout ca.key -out ca.pem -days 2 -subj /CN=test"));
        let authority = Self(dir);
        authority.issue("one");
        // The server may run as another user.
        std::fs::set_permissions(authority.0.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        authority
    }

    /// Puts a new certificate for 127.0.0.1 in place.
    fn issue(&self, name: &str) {
        let dir = self.0.path();
        std::fs::write(dir.join("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n").unwrap();
        openssl(
            dir,
            &format!(
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout next.key -out request.pem -subj /CN={name}"
            ),
        );
        openssl(
            dir,
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile names -out next.pem",
        );
        std::fs::set_permissions(dir.join("next.key"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .unwrap();
        std::fs::rename(dir.join("next.key"), dir.join("key.pem")).unwrap();
        std::fs::rename(dir.join("next.pem"), dir.join("cert.pem")).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn server(&self) -> Server {
        let certificate = format!("server.tls_cert={}", self.path("cert.pem").display());
        let key = format!("server.tls_key={}", self.path("key.pem").display());
        Server::start_guarded(&["--set", &certificate, "--set", &key])
    }
}

/// What `openssl s_client` sees of a server.
fn client(address: &str, authority: &Authority, more: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", address, "-CAfile"])
        .arg(authority.path("ca.pem"))
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn keys_and_cookies_travel_encrypted_and_only_a_trusted_server_gets_them() {
    let authority = Authority::new();
    let server = authority.server();
    let key = first_key(&server);
    let home = tempfile::tempdir().unwrap();
    let nova = |more: &[&str]| {
        let mut command = command(&server.url());
        command.env("NOVA_KEY", &key).env("HOME", home.path()).env_remove("XDG_CONFIG_HOME").args(more);
        command.output().unwrap()
    };
    let ca = authority.path("ca.pem").display().to_string();
    let whoami = nova(&["--ca", &ca, "whoami"]);
    assert!(whoami.status.success(), "{}\n{}", told(&whoami), server.log());
    // Without the authority, or with another, nothing is sent.
    let alone = nova(&["whoami"]);
    assert!(alone.status.code() == Some(4) && told(&alone).contains("ertificate"), "{}", told(&alone));
    let other = Authority::new();
    let wrong = nova(&["--ca", &other.path("ca.pem").display().to_string(), "whoami"]);
    assert_eq!(wrong.status.code(), Some(4), "{}", told(&wrong));
    let key_as_ca = nova(&["--ca", &authority.path("key.pem").display().to_string(), "whoami"]);
    assert!(told(&key_as_ca).contains("holds no certificate"), "{}", told(&key_as_ca));
    // The context keeps it.
    let login = nova(&["--ca", &ca, "login"]);
    assert!(login.status.success(), "{}", told(&login));
    let later = command(&server.url())
        .env("HOME", home.path())
        .env_remove("XDG_CONFIG_HOME")
        .arg("whoami")
        .output()
        .unwrap();
    assert!(later.status.success(), "{}", told(&later));
    // Cookies are for encrypted connections only, and pages of this server have its scheme.
    let sign_in = |origin: &str| {
        let body = serde_json::json!({"key": key}).to_string();
        let asked = Command::new("curl")
            .args([
                "-sSi",
                "--cacert",
                &ca,
                "-H",
                "content-type: application/json",
                "-H",
                &format!("origin: {origin}"),
            ])
            .args(["-d", &body, &format!("{}/auth/sign-in", server.url())])
            .output()
            .unwrap();
        told(&asked)
    };
    let answer = sign_in(&server.url());
    assert!(answer.contains("; Secure") && answer.contains("nova_session="), "{answer}");
    assert!(sign_in(&format!("http://{}", server.address)).contains("permission_denied"));
}

#[test]
fn old_versions_are_refused_http_2_is_offered_and_other_protocols_do_no_harm() {
    let authority = Authority::new();
    let server = authority.server();
    for version in ["-tls1_2", "-tls1_3"] {
        let seen = client(&server.address, &authority, &[version, "-alpn", "h2,http/1.1"]);
        assert!(seen.contains("ALPN protocol: h2") && seen.contains("Verify return code: 0"), "{seen}");
    }
    for version in ["-tls1", "-tls1_1"] {
        let seen = client(&server.address, &authority, &[version, "-cipher", "ALL:@SECLEVEL=0"]);
        assert!(!seen.contains("Verify return code: 0 (ok)\n---\nread"), "{version}: {seen}");
        assert!(!seen.contains("Cipher is ECDHE"), "{version}: {seen}");
    }
    // Without TLS there is no answer, and the server goes on.
    let (status, _) = server.get("/health/live");
    assert_eq!(status, 0);
    let health = command(&server.url())
        .arg("--ca")
        .arg(authority.path("ca.pem"))
        .args(["runtimes"])
        .env("NOVA_KEY", first_key(&server))
        .output()
        .unwrap();
    assert!(health.status.success(), "{}", told(&health));
}

#[test]
fn a_new_certificate_is_taken_without_a_restart_and_a_broken_one_is_not() {
    let authority = Authority::new();
    let server = authority.server();
    let subject = || {
        let seen = client(&server.address, &authority, &[]);
        seen.lines().find(|line| line.starts_with("subject=")).unwrap_or_default().replace(' ', "")
    };
    assert_eq!(subject(), "subject=CN=one");
    let until = |what: &str| {
        let begun = Instant::now();
        while !server.log().contains(what) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    // At once when it is told.
    authority.issue("two");
    signal(server.pid(), "HUP");
    until("the certificate was read again");
    assert_eq!(subject(), "subject=CN=two");
    // Half a certificate: the one before stays.
    let whole = std::fs::read(authority.path("cert.pem")).unwrap();
    std::fs::write(authority.path("cert.pem"), &whole[..whole.len() / 2]).unwrap();
    signal(server.pid(), "HUP");
    until("could not be read again");
    assert_eq!(subject(), "subject=CN=two");
    // And by itself when it sees another.
    authority.issue("three");
    let begun = Instant::now();
    while subject() != "subject=CN=three" {
        assert!(begun.elapsed() < Duration::from_secs(40), "{}", server.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn the_address_of_a_function_is_one_that_its_visitors_can_open() {
    let authority = Authority::new();
    let server = authority.server();
    let key = first_key(&server);
    let ca = authority.path("ca.pem").display().to_string();
    let curl = |more: &[&str]| {
        let output = Command::new("curl").args(["-sS", "--cacert", &ca]).args(more).output().unwrap();
        (output.status.success(), told(&output))
    };
    let control = |method: &str, path: &str, body: &serde_json::Value| {
        let bearer = format!("authorization: Bearer {key}");
        let (body, url) = (body.to_string(), format!("{}{path}", server.url()));
        let json = "content-type: application/json";
        let answer = curl(&["-X", method, "-H", &bearer, "-H", json, "-d", &body, &url]);
        assert!(answer.0, "{}", answer.1);
        serde_json::from_str::<serde_json::Value>(&answer.1).unwrap()
    };
    let code = "def handler(event, context):\n    return 'seen'\n";
    let function = serde_json::json!({
        "name": "page", "runtime": "python", "handler": "main.handler", "code": code, "http": "public"
    });
    control("POST", "/functions", &function);
    let url =
        control("GET", "/functions/page/url", &serde_json::json!({}))["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    assert!(curl(&[&url]).1.contains("seen"), "{} {}", url, curl(&["-i", &url]).1);
    // Not in clear.
    assert!(!curl(&[&url.replacen("https", "http", 1)]).1.contains("seen"));
    // The same of one that is signed.
    control("PATCH", "/functions/page", &serde_json::json!({"http": "signed"}));
    let signed = control("POST", "/functions/page/url", &serde_json::json!({}));
    let signed = signed["url"].as_str().unwrap();
    assert!(signed.starts_with("https://") && curl(&[signed]).1.contains("seen"), "{signed}");
}

#[test]
fn a_server_does_not_start_with_half_a_certificate_and_doctor_tells_who_listens_in() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let (certificate, key) =
        (authority.path("cert.pem").display().to_string(), authority.path("key.pem").display().to_string());
    let serve = |settings: &[String]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nova"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir", &data]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success());
        told(&output)
    };
    let alone = serve(&[format!("server.tls_cert={certificate}")]);
    assert!(alone.contains("go together"), "{alone}");
    let swapped = serve(&[format!("server.tls_cert={key}"), format!("server.tls_key={certificate}")]);
    assert!(swapped.contains("key.pem") && swapped.contains("certificate"), "{swapped}");
    let dev = serve(&[
        "server.dev=true".to_owned(),
        format!("server.tls_cert={certificate}"),
        format!("server.tls_key={key}"),
    ]);
    assert!(dev.contains("--dev"), "{dev}");
    let doctor = |settings: &[&str]| {
        let mut command = command("http://127.0.0.1:1");
        command.args(["doctor", "--data-dir", &data, "-o", "json"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let output = command.output().unwrap();
        let checks: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
        let found =
            checks.as_array().unwrap().iter().find(|check| check["check"] == "network").cloned().unwrap();
        (found["ok"] == true, found["detail"].as_str().unwrap().to_owned())
    };
    let open = doctor(&["server.listen=0.0.0.0:9000"]);
    assert!(!open.0 && open.1.contains("in clear") && open.1.contains("server.tls_cert"), "{}", open.1);
    assert!(doctor(&["server.listen=127.0.0.1:9000"]).0);
    let (with_cert, with_key) = (format!("server.tls_cert={certificate}"), format!("server.tls_key={key}"));
    let tls = doctor(&["server.listen=0.0.0.0:9000", &with_cert, &with_key]);
    assert!(tls.0 && tls.1.contains("with TLS"), "{}", tls.1);
}
