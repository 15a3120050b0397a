//! Objects on local files and on an S3-compatible server.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use nova_artifacts::objects::{ObjectStorage, S3Settings, digest};
use nova_domain::ports::Objects;
use nova_domain::{Code, Timestamp};

fn local() -> (ObjectStorage, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("temp dir");
    (ObjectStorage::local(&dir.path().join("data")).expect("opens"), dir)
}

/// A bucket of its own on the server of `NOVA_TEST_S3`.
async fn s3() -> ObjectStorage {
    let endpoint = std::env::var("NOVA_TEST_S3").expect(
        "the environment variable NOVA_TEST_S3 is not set: run `scripts/s3 start DIR` and set it to the URL that it \
         prints, then test again",
    );
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let bucket = format!("nova-test-{}-{nanos}", std::process::id());
    make_bucket(&endpoint, &bucket).await;
    let settings = S3Settings {
        bucket,
        prefix: "/some/where/".into(),
        endpoint: Some(endpoint),
        region: "us-east-1".into(),
        access_key_id: Some("test".into()),
        secret_access_key: Some("hunter2".into()),
        allow_http: true,
    };
    assert!(!format!("{settings:?}").contains("hunter2"));
    ObjectStorage::s3(&settings).expect("opens")
}

/// `PUT /bucket`, which our client library has no call for.
async fn make_bucket(endpoint: &str, bucket: &str) {
    let address = endpoint.trim_start_matches("http://").to_owned();
    let request = format!(
        "PUT /{bucket} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).expect("connects");
        stream.write_all(request.as_bytes()).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("reads");
        answer
    })
    .await
    .expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn now() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros();
    Timestamp::from_micros(i64::try_from(micros).expect("before the year 294,000"))
}

const HOUR: Duration = Duration::from_secs(3600);

/// What every kind of storage promises.
async fn contract(storage: &ObjectStorage) {
    storage.ping().await.expect("answers");
    let hello = Bytes::from("hello");
    let known = storage.put(hello.clone()).await.expect("stores");
    assert_eq!(known.to_string(), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_eq!(storage.put(hello.clone()).await.expect("again"), known);
    assert_eq!(storage.get(&known).await.expect("reads"), hello);
    assert_eq!(storage.get(&digest(b"none")).await.expect_err("missing").code(), Code::NotFound);
    let empty = storage.put(Bytes::new()).await.expect("stores");
    assert!(storage.get(&empty).await.expect("reads").is_empty());
    let big = Bytes::from(vec![42; 9 << 20]);
    let large = storage.put(big.clone()).await.expect("stores");
    assert_eq!(storage.get(&large).await.expect("reads"), big);

    // Nothing is old enough.
    let collected = storage.collect(&HashSet::new(), now(), HOUR).await.expect("collects");
    assert_eq!((collected.deleted, collected.kept), (0, 3));
    // Two hours later only what is referenced stays.
    let later = now().plus_micros(2 * 3_600_000_000);
    let collected = storage.collect(&HashSet::from([known]), later, HOUR).await.expect("collects");
    assert_eq!((collected.deleted, collected.deleted_bytes, collected.kept), (2, 9 << 20, 1));
    assert_eq!(storage.get(&known).await.expect("stays"), hello);
    assert_eq!(storage.get(&large).await.expect_err("gone").code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_files_keep_the_contract() {
    contract(&local().0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_s3_compatible_store_keeps_the_contract() {
    contract(&s3().await).await;
}

#[tokio::test]
async fn a_damaged_object_is_not_handed_out() {
    let (storage, dir) = local();
    let digest = storage.put(Bytes::from("hello")).await.expect("stores");
    let text = digest.to_string();
    let path = dir.path().join("data/objects").join(&text[..2]).join(&text);
    std::fs::write(path, "hullo").expect("damages");
    let fault = storage.get(&digest).await.expect_err("damaged");
    assert_eq!(fault.code(), Code::Internal);
    assert!(fault.log_line().contains("damaged"));
}

#[tokio::test]
async fn an_object_that_is_stored_again_starts_its_age_anew() {
    let (storage, dir) = local();
    let digest = storage.put(Bytes::from("hello")).await.expect("stores");
    let text = digest.to_string();
    let path = dir.path().join("data/objects").join(&text[..2]).join(&text);
    let file = std::fs::File::options().write(true).open(&path).expect("opens");
    file.set_modified(SystemTime::now() - 5 * HOUR).expect("makes it old");
    storage.put(Bytes::from("hello")).await.expect("stores again");
    let collected = storage.collect(&HashSet::new(), now(), HOUR).await.expect("collects");
    assert_eq!((collected.deleted, collected.kept), (0, 1));
    storage.get(&digest).await.expect("stays");
}

#[tokio::test]
async fn half_written_files_of_a_crash_are_no_objects_and_go_with_time() {
    let (storage, dir) = local();
    let digest = storage.put(Bytes::from("hello")).await.expect("stores");
    let text = digest.to_string();
    let shard = dir.path().join("data/objects").join(&text[..2]);
    let staged = shard.join(format!("{text}#1"));
    std::fs::write(&staged, "hel").expect("a crash leaves this");
    let kept = HashSet::from([digest]);
    storage.collect(&kept, now(), HOUR).await.expect("collects");
    assert!(staged.exists(), "perhaps somebody writes it just now");
    let later = now().plus_micros(2 * 3_600_000_000);
    assert_eq!(storage.collect(&kept, later, HOUR).await.expect("collects").kept, 1);
    assert!(!staged.exists());
}

#[tokio::test]
async fn a_store_that_is_not_there_is_unavailable() {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("free port").local_addr().expect("address").port();
    let settings = S3Settings {
        bucket: "b".into(),
        prefix: String::new(),
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        region: "us-east-1".into(),
        access_key_id: Some("a".into()),
        secret_access_key: Some("b".into()),
        allow_http: true,
    };
    let storage = ObjectStorage::s3(&settings).expect("opens");
    assert_eq!(storage.ping().await.expect_err("nothing listens").code(), Code::Unavailable);
}
