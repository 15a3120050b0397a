//! Connections to PostgreSQL by TLS: encrypted if asked, and only to whom it should be.

use nova_domain::Fault;
use nova_store::{DatabaseUrl, Store, StoreOptions};

use crate::support::TestDatabase;

async fn open(url: &str) -> Result<Store, Fault> {
    let url = DatabaseUrl::parse(url)?;
    let options = StoreOptions { connections: 2, ..StoreOptions::default() };
    Ok(Store::open(&url, &options).await?.0)
}

async fn refused(url: &str, why: &str) {
    let fault = open(url).await.map(|_| ()).expect_err(why);
    let text = fault.message().to_ascii_lowercase();
    assert!(text.contains(why) && !text.contains(":test@"), "{why:?} is not in {text:?}");
}

/// Connections of Nova to this database: all, and those that are encrypted.
async fn connections(database: &TestDatabase) -> (i64, i64) {
    let sql = "SELECT count(*), count(*) FILTER (WHERE s.ssl) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) \
               WHERE a.application_name = 'nova' AND a.datname = current_database()";
    let row = database.superuser().await.query_one(sql, &[]).await.expect("counts");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn each_sslmode_encrypts_what_it_says_and_the_store_works() {
    let database = TestDatabase::create().await;
    let tls = database.certificates().await;
    let ca = format!("&sslrootcert={}", tls.join("ca.pem").display());
    for (host, query) in [
        // Looks at no certificate.
        ("127.0.0.1", "?sslmode=require".to_owned()),
        // The certificate is for `localhost` only.
        ("127.0.0.1", format!("?sslmode=verify-ca{ca}")),
        ("localhost", format!("?sslmode=verify-full{ca}")),
        // Encrypts if the server does, as it is without saying anything.
        ("127.0.0.1", "?sslmode=prefer".to_owned()),
        ("localhost", String::new()),
    ] {
        let store = open(&database.url_of_tls_only(host, &query).await).await.expect(&query);
        store.ping().await.expect("answers");
        let (all, encrypted) = connections(&database).await;
        assert!(all > 0 && all == encrypted, "{query}: {encrypted} of {all}");
        store.close().await;
        while connections(&database).await.0 > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    database.remove().await;
}

#[tokio::test]
async fn a_server_that_is_not_whom_it_should_be_is_refused() {
    let database = TestDatabase::create().await;
    let tls = database.certificates().await;
    let file = |name: &str| format!("&sslrootcert={}", tls.join(name).display());
    let url = |host: &'static str, query: String| {
        let database = &database;
        async move { database.url_of_tls_only(host, &query).await }
    };
    // Another host than the certificate is for.
    refused(&url("127.0.0.1", format!("?sslmode=verify-full{}", file("ca.pem"))).await, "not valid for name")
        .await;
    // An authority that did not sign it, and those of the system, which did not either.
    for query in [
        format!("?sslmode=verify-full{}", file("other.pem")),
        format!("?sslmode=verify-ca{}", file("other.pem")),
        format!("?sslmode=require{}", file("other.pem")),
    ] {
        refused(&url("localhost", query).await, "certificate").await;
    }
    if std::path::Path::new("/etc/ssl/certs/ca-certificates.crt").exists() {
        refused(&url("localhost", "?sslmode=verify-full".to_owned()).await, "unknownissuer").await;
    }
    for (name, why) in [("none.pem", "none.pem"), ("server.key", "no certificate")] {
        refused(&url("localhost", format!("?sslmode=verify-full{}", file(name))).await, why).await;
    }
    database.remove().await;
}

#[tokio::test]
async fn without_tls_on_both_sides_there_is_no_connection_that_was_to_be_encrypted() {
    let database = TestDatabase::create().await;
    // The server wants it and the client does not.
    refused(&database.url_of_tls_only("127.0.0.1", "?sslmode=disable").await, "no encryption").await;
    database.remove().await;
    // The client wants it, and the server has none.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        loop {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            let mut asked = [0; 8];
            stream.read_exact(&mut asked).await.expect("asks for TLS");
            stream.write_all(b"N").await.expect("says no");
        }
    });
    refused(&format!("postgres://u:test@{address}/d?sslmode=require"), "tls").await;
}
