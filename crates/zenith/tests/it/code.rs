//! Code and files over HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::Server;

/// A tar archive with one file, as any tar program writes it.
fn tar(path: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    header[..path.len()].copy_from_slice(path.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut archive = header.to_vec();
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

/// A form with parts of (name, file name, content).
fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body.extend_from_slice(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    body
}

async fn put_form(server: &Server, body: Vec<u8>) -> crate::support::Reply {
    let request = server.request("PUT", "/functions/f/code");
    server.send(request.header("content-type", "multipart/form-data; boundary=edge").body(body)).await
}

#[tokio::test]
async fn code_is_shown_and_replaced() {
    let server = Server::start().await;
    server.create("f").await;
    let shown = server.get("/functions/f/code").await.good(200);
    assert_eq!((&shown["code"], &shown["entry"]), (&json!("v1"), &json!("main.py")));
    let body = json!({"files": {"main.py": "v2", "lib/util.py": "u"}});
    let reply = server.send_json("PUT", "/functions/f/code", &body).await;
    let replaced = reply.good(200);
    assert_eq!((&replaced["version"], &replaced["file_count"]), (&json!(2), &json!(2)));
    assert_eq!(replaced["compile_status"], "not_required");
    assert_eq!(reply.header("etag"), "\"2\"");
    let old = server.get("/functions/f/code?qualifier=1").await.good(200);
    assert_eq!((&old["code"], &old["version"]), (&json!("v1"), &json!(1)));
    let files = server.get("/functions/f/files").await.good(200);
    assert_eq!(
        files["items"],
        json!([
            {"path": "lib/util.py", "size": 1, "is_entry": false, "executable": false},
            {"path": "main.py", "size": 2, "is_entry": true, "executable": false}
        ])
    );
    let file = server.get("/functions/f/files/content?path=lib/util.py").await.good(200);
    assert_eq!((&file["content"], &file["encoding"]), (&json!("u"), &json!("utf8")));
    server.get("/functions/f/files/content?path=nope").await.problem(404, "not_found");
    server.get("/functions/f/files/content").await.problem(400, "invalid_argument");
    server.get("/functions/f/code?qualifier=9").await.problem(404, "not_found");
    server.get("/functions/f/code?qualifier=x.y").await.problem(400, "invalid_argument");
}

#[tokio::test]
async fn an_archive_comes_as_base64_or_as_a_form() {
    let server = Server::start().await;
    server.create("f").await;
    let body = json!({"archive": STANDARD.encode(tar("main.py", b"from base64"))});
    server.send_json("PUT", "/functions/f/code", &body).await.good(200);
    assert_eq!(server.get("/functions/f/code").await.good(200)["code"], "from base64");
    let archive = tar("pkg/app.py", b"from a form");
    let parts: &[(&str, Option<&str>, &[u8])] =
        &[("archive", Some("code.tar"), &archive), ("handler", None, b"pkg/app.run")];
    let replaced = put_form(&server, form(parts)).await.good(200);
    assert_eq!((&replaced["version"], &replaced["entry"]), (&json!(3), &json!("pkg/app.py")));
    let binary = tar("main.py", b"\x00\xff");
    put_form(&server, form(&[("archive", Some("x"), &binary), ("handler", None, b"main.f")])).await.good(200);
    assert_eq!(server.get("/functions/f/code").await.good(200)["code"], json!(null));
    let file = server.get("/functions/f/files/content?path=main.py").await.good(200);
    assert_eq!((&file["content"], &file["encoding"]), (&json!("AP8="), &json!("base64")));
}

#[tokio::test]
async fn bad_archives_and_forms_are_refused_and_change_nothing() {
    let server = Server::start().await;
    server.create("f").await;
    let outside = tar("../main.py", b"x");
    let good = tar("main.py", b"x");
    let cases: Vec<Vec<u8>> = vec![
        form(&[("archive", Some("x"), &outside)]),
        form(&[("archive", Some("x"), b"no archive at all")]),
        form(&[("archive", Some("x"), &good), ("code", None, b"both")]),
        form(&[("colour", None, b"red")]),
        form(&[("handler", None, &[b'x'; 5000]), ("code", None, b"x")]),
        form(&[("handler", None, b"\xff"), ("code", None, b"x")]),
        form(&[]),
        b"--edge\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\ncut".to_vec(),
    ];
    for body in cases {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let reply = put_form(&server, body).await;
        assert_eq!(reply.status, 400, "{shown}: {:?}", reply.body);
        reply.problem(400, "invalid_argument");
    }
    let body = json!({"archive": STANDARD.encode(&outside)});
    let problem = server.send_json("PUT", "/functions/f/code", &body).await.problem(400, "invalid_argument");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("../main.py")), "{problem}");
    assert_eq!(server.get("/functions/f").await.good(200)["revision"], 1);
}
