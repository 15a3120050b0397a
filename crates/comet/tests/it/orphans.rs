//! Sandboxes whose server is gone, at the level of the keeper's protocol.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nova_agent::protocol::message::PING;
use nova_keeper::client::Connection;
use nova_keeper::protocol::{
    ErrorKind, LaunchSpec, Lifetime, MountSpec, ReplyBody, Request, RequestBody, SandboxLimits,
};

use crate::support::keeper::KeeperProcess;
use crate::support::{eventually, trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("orphans::without_a_server_function_sandboxes_end_and_then_the_keeper", they_end),
        trial("orphans::a_new_server_adopts_a_sandbox_and_it_goes_on", adoption),
        trial("orphans::a_sandbox_that_shall_outlive_servers_keeps_the_keeper", kept),
        trial("orphans::requests_that_are_wrong_are_refused_and_harm_nothing", wrong_requests),
        trial("orphans::only_folders_that_were_allowed_are_mounted", mounts),
    ]
}

fn spec(lifetime: Lifetime) -> LaunchSpec {
    LaunchSpec {
        stock: String::new(),
        runtime: None,
        mounts: Vec::new(),
        limits: SandboxLimits::default(),
        lifetime,
        label: "orphan".to_owned(),
        opening: String::new(),
    }
}

fn call(connection: &Connection, body: RequestBody) -> (ReplyBody, Vec<OwnedFd>) {
    connection.call(&Request { id: 7, body }).unwrap()
}

fn launch(connection: &Connection, lifetime: Lifetime) -> (u64, UnixStream) {
    let (reply, fds) = call(connection, RequestBody::Launch(Box::new(spec(lifetime))));
    let ReplyBody::Launched { sandbox, .. } = reply else { panic!("{reply:?}") };
    assert_eq!(fds.len(), 3, "the channel, a pidfd and the link for connections");
    (sandbox, UnixStream::from(fds.into_iter().next().unwrap()))
}

/// The agent at the other end answers.
fn assert_alive(mut channel: &UnixStream) {
    let mut frame = (PING.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(PING);
    channel.write_all(&frame).unwrap();
    channel.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut answer = vec![0; frame.len()];
    channel.read_exact(&mut answer).unwrap();
    assert_eq!(answer, frame);
}

async fn they_end() {
    let keeper = KeeperProcess::start(400);
    let connection = keeper.connect();
    let (_, channel) = launch(&connection, Lifetime::Server);
    assert_alive(&channel);
    let begun = Instant::now();
    drop((connection, channel));
    eventually("the keeper has ended", || keeper.has_ended().then_some(())).await;
    assert!(
        begun.elapsed() >= Duration::from_millis(390),
        "the grace period was not kept: {:?}",
        begun.elapsed()
    );
    assert_eq!(keeper.left_behind(), Vec::<String>::new());
}

async fn adoption() {
    let keeper = KeeperProcess::start(700);
    let first = keeper.connect();
    let (sandbox, channel) = launch(&first, Lifetime::Server);
    assert_alive(&channel);
    // As long as its server is there, nobody else gets it.
    let second = keeper.connect();
    let (reply, fds) = call(&second, RequestBody::Adopt { sandbox });
    assert!(
        matches!(reply, ReplyBody::Error { kind: ErrorKind::Invalid, .. }) && fds.is_empty(),
        "{reply:?}"
    );
    drop((first, channel));
    let adopted = eventually("the sandbox has no owner any more", || {
        let (reply, fds) = call(&second, RequestBody::Adopt { sandbox });
        matches!(reply, ReplyBody::Launched { .. }).then_some(fds)
    })
    .await;
    let channel = UnixStream::from(adopted.into_iter().next().unwrap());
    tokio::time::sleep(Duration::from_millis(1000)).await;
    assert_alive(&channel);
    assert_eq!(keeper.leased().len(), 1, "the grace period of the first server is over and it lives");
}

async fn kept() {
    let keeper = KeeperProcess::start(200);
    let first = keeper.connect();
    let (sandbox, channel) = launch(&first, Lifetime::Keeper);
    drop((first, channel));
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(!keeper.has_ended());
    let second = keeper.connect();
    let (reply, _fds) = call(&second, RequestBody::Adopt { sandbox });
    assert!(matches!(reply, ReplyBody::Launched { .. }), "{reply:?}");
    assert!(matches!(call(&second, RequestBody::Stop { sandbox, grace_ms: 200 }).0, ReplyBody::Done));
    drop(second);
    eventually("with the last sandbox the keeper ends", || keeper.has_ended().then_some(())).await;
    assert_eq!(keeper.left_behind(), Vec::<String>::new());
}

async fn wrong_requests() {
    let keeper = KeeperProcess::start(30_000);
    let connection = keeper.connect();
    let (sandbox, channel) = launch(&connection, Lifetime::Server);
    let gone = [
        RequestBody::Adopt { sandbox: 12_345 },
        RequestBody::Stop { sandbox: 1, grace_ms: 0 },
        RequestBody::Usage { sandbox: u64::MAX },
        RequestBody::Signal { sandbox: 3, signal: 9 },
    ];
    for body in gone {
        let (reply, _) = call(&connection, body.clone());
        assert!(matches!(reply, ReplyBody::Error { kind: ErrorKind::Gone, .. }), "{body:?}: {reply:?}");
    }
    for signal in [0, -1, 65, i32::MAX] {
        let (reply, _) = call(&connection, RequestBody::Signal { sandbox, signal });
        assert!(matches!(reply, ReplyBody::Error { kind: ErrorKind::Invalid, .. }), "{signal}: {reply:?}");
    }
    let mut bad = spec(Lifetime::Server);
    bad.runtime =
        Some(nova_keeper::protocol::Program { argv: vec!["a\0b".to_owned()], env: Default::default() });
    let (reply, _) = call(&connection, RequestBody::Launch(Box::new(bad)));
    // The agent is made and says that it cannot start such a program; the keeper goes on.
    assert!(matches!(reply, ReplyBody::Error { .. } | ReplyBody::Launched { .. }), "{reply:?}");
    assert_alive(&channel);
    drop(channel);
}

async fn mounts() {
    let keeper = KeeperProcess::start(30_000);
    let connection = keeper.connect();
    let root = keeper.code_root().display().to_string();
    std::os::unix::fs::symlink("/etc", keeper.code_root().join("link")).unwrap();
    std::fs::create_dir(keeper.code_root().join("fine")).unwrap();
    let try_mount = |source: &str, target: &str| {
        let mut wanted = spec(Lifetime::Server);
        wanted.mounts = vec![MountSpec { source: source.to_owned(), target: target.to_owned() }];
        call(&connection, RequestBody::Launch(Box::new(wanted))).0
    };
    let refused = [
        ("/etc".to_owned(), "/code"),
        ("/".to_owned(), "/code"),
        (format!("{root}/../.."), "/code"),
        (format!("{root}/link"), "/code"),
        (format!("{root}/link/ssh"), "/code"),
        (format!("{root}/absent"), "/code"),
        ("relative".to_owned(), "/code"),
        (format!("{root}/fine"), "code"),
        (format!("{root}/fine"), "/../code"),
        (format!("{root}/fine"), "/no/such/place"),
    ];
    for (source, target) in refused {
        let reply = try_mount(&source, target);
        assert!(matches!(reply, ReplyBody::Error { .. }), "{source} at {target}: {reply:?}");
    }
    let reply = try_mount(&format!("{root}/fine"), "/code");
    assert!(matches!(reply, ReplyBody::Launched { .. }), "{reply:?}");
}
