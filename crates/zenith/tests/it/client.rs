//! The typed client against the server.

use futures::StreamExt as _;
use nova_api::client::{CallOptions, Client, ClientError, ListFunctions, ListRuns, PageQuery, StreamItem};
use nova_api::v1::{CreateFunction, Patch, PatchFunction, ReplaceCode};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Event, Server};

fn hello() -> CreateFunction {
    CreateFunction {
        name: "hello".to_owned(),
        runtime: "python".to_owned(),
        code: Some("print(1)".to_owned()),
        ..CreateFunction::default()
    }
}

#[tokio::test]
async fn the_client_speaks_every_endpoint_of_functions() {
    let server = Server::start().await;
    let client = server.client();
    let made = client.create_function(&hello()).await.expect("created");
    assert_eq!(client.get_function("hello").await.expect("shown"), made);
    let listed = client.list_functions(&ListFunctions::default()).await.expect("listed");
    assert_eq!(listed.items, [made]);
    let patch = PatchFunction { memory_mb: Patch::Value(256), ..PatchFunction::default() };
    assert_eq!(client.update_function("hello", &patch).await.expect("changed").version, 2);
    let replace = ReplaceCode { code: Some("print(2)".to_owned()), ..ReplaceCode::default() };
    assert_eq!(client.replace_code("hello", &replace).await.expect("replaced").version, 3);
    assert_eq!(client.get_code("hello", Some("2")).await.expect("shown").code.as_deref(), Some("print(1)"));
    assert_eq!(client.list_files("hello", None).await.expect("listed").items.len(), 1);
    assert_eq!(client.get_file("hello", "main.py", None).await.expect("shown").content, "print(2)");
    let versions = client.list_versions("hello", &PageQuery::default()).await.expect("listed");
    assert_eq!(versions.items.len(), 3);
    assert_eq!(client.get_version("hello", 2).await.expect("shown").memory_mb, 256);
    assert_eq!(
        client.diff_versions("hello", 1, 2).await.expect("compared").changes[0].field,
        "limits.memory_mb"
    );
    assert_eq!(client.activate_version("hello", 1, Some(3)).await.expect("activated").version, 1);
    assert_eq!(client.list_runtimes().await.expect("listed").items.len(), 7);
    client.delete_function("hello", None).await.expect("deleted");
}

#[tokio::test]
async fn the_client_calls_streams_and_reads_runs() {
    let server = Server::start().await;
    let client = server.client();
    client.create_function(&hello()).await.expect("created");
    let answer = client.invoke("hello", "{\"n\":1}", &CallOptions::default()).await.expect("called");
    assert_eq!(answer.output.map(|raw| raw.get().to_owned()).as_deref(), Some("{\"n\":1}"));
    server.sink.flush().await;
    let run = client.get_run(&answer.request_id).await.expect("recorded");
    assert_eq!(run.function, "hello");
    assert_eq!(client.list_runs(&ListRuns::default()).await.expect("listed").items.len(), 1);
    assert!(client.get_run_logs(&run.id, &PageQuery::default()).await.expect("shown").items.is_empty());

    let function = server.invoker.next_stream();
    let writer = tokio::spawn(async move {
        function.send(Event::Chunk(b"ab")).await.ok();
        function.send(Event::Done("7")).await.ok();
    });
    let options = CallOptions { timeout_ms: Some(5000), ..CallOptions::default() };
    let mut stream = client.invoke_stream("hello", "{}", &options).await.expect("begins");
    assert!(matches!(stream.next().await, Some(Ok(StreamItem::Chunk(bytes))) if bytes == "ab"));
    let Some(Ok(StreamItem::Done(done))) = stream.next().await else { panic!("no end") };
    assert_eq!(done.output.map(|raw| raw.get().to_owned()).as_deref(), Some("7"));
    assert!(stream.next().await.is_none());
    writer.await.expect("no panic");
}

#[tokio::test]
async fn an_executor_that_stops_without_an_end_is_an_error() {
    let server = Server::start().await;
    let client = server.client();
    client.create_function(&hello()).await.expect("created");
    let function = server.invoker.next_stream();
    let mut stream = client.invoke_stream("hello", "{}", &CallOptions::default()).await.expect("begins");
    drop(function);
    let last = stream.next().await;
    assert!(matches!(last, Some(Err(ClientError::Problem(_)))), "{last:?}");
}

#[tokio::test]
async fn a_stream_cut_on_the_wire_is_an_error_and_never_an_end() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    // A body that is whole for HTTP, and still lacks the last event.
    let cut = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("the client");
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await.expect("a request");
        let body = "data: YQ==\n\n";
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.expect("sends");
    });
    let client = Client::new(&format!("http://{address}")).expect("an address");
    let mut stream = client.invoke_stream("hello", "{}", &CallOptions::default()).await.expect("begins");
    assert!(matches!(stream.next().await, Some(Ok(StreamItem::Chunk(bytes))) if bytes == "a"));
    let last = stream.next().await;
    assert!(matches!(last, Some(Err(ClientError::BadStream(_)))), "{last:?}");
    assert!(stream.next().await.is_none());
    cut.await.expect("no panic");
}

#[tokio::test]
async fn errors_carry_the_problem_document() {
    let server = Server::start().await;
    let error = server.client().get_function("nobody").await.expect_err("not there");
    assert_eq!(error.problem().map(|problem| problem.code.as_str()), Some("not_found"));
    let staging = server.client().in_scope("default", "sta ging");
    let error = staging.get_function("nobody").await.expect_err("a bad scope");
    assert_eq!(error.problem().map(|problem| problem.status), Some(400));
    let nobody = Client::new("http://127.0.0.1:1").expect("an address");
    assert!(matches!(nobody.health().await, Err(ClientError::Unreachable { .. })));
    assert!(matches!(Client::new("localhost"), Err(ClientError::BadAddress(_))));
}
