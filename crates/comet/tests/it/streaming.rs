//! Streams through comet: chunk by chunk, with back-pressure, whole.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use libtest_mimic::Trial;
use nova_domain::FunctionName;
use nova_domain::call::{EventStream, FunctionErrorKind, Outcome, StreamEvent};
use nova_domain::fault::Code;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::conformance::Stage;
use crate::support::{eventually, runtime};

const CODE: &str = "
import ctypes, hashlib, os, time

def handler(event, context):
    ctypes.CDLL(None).prctl(15, event.get('mark', 'it-stream').encode(), 0, 0, 0)
    return globals()[event['probe']](event, context)

def ticks(event, context):
    for number in range(5):
        yield '%d:%f;' % (number, time.time())
        time.sleep(0.15)

def ahead(event, context):
    for number in range(event['count']):
        yield ('%020d %020.6f' % (number, time.time())).encode().ljust(65536)

def large(event, context):
    digest = hashlib.sha256()
    for _ in range(event['mb']):
        block = os.urandom(1 << 20)
        digest.update(block)
        yield block
    yield digest.hexdigest()

def endless(event, context):
    while True:
        yield b'x' * 4096

def fails(event, context):
    yield 'some'
    raise ValueError('in the middle')

def dies(event, context):
    context.write('some')
    os._exit(5)
";

const SCRIPT: &[u8] = b"#!/bin/sh
for number in 0 1 2 3 4; do echo tick $number; sleep 0.15; done
";

pub fn trials(stage: fn() -> Arc<Stage>) -> Vec<Trial> {
    macro_rules! trials {
        ($($name:ident),* $(,)?) => {
            vec![$(Trial::test(concat!("streaming::", stringify!($name)), move || {
                let stage = stage();
                runtime().block_on(async {
                    let limit = Duration::from_secs(60);
                    tokio::time::timeout(limit, $name(&stage)).await.map_err(|_| "longer than a minute".into())
                })
            })),*]
        };
    }
    trials![
        chunks_arrive_while_the_function_runs,
        lines_of_a_program_arrive_while_it_runs,
        a_slow_reader_makes_the_function_wait,
        a_reader_who_goes_away_ends_the_call,
        sixty_four_mebibytes_arrive_whole,
        an_error_in_the_middle_comes_after_what_was_written,
        an_endless_stream_ends_by_timeout,
    ]
}

fn deploy(stage: &Stage) -> FunctionName {
    stage.world.python(CODE).limits(|limits| limits.memory_mb = 256).deploy(&stage.world)
}

/// The bytes to the end, and how it ended.
async fn collect(mut stream: EventStream) -> (Vec<u8>, Outcome) {
    let mut bytes = Vec::new();
    loop {
        match stream.next().await.expect("a stream has a last event") {
            StreamEvent::Chunk(chunk) => bytes.extend_from_slice(&chunk),
            StreamEvent::Done(outcome) => {
                assert!(stream.next().await.is_none());
                return (bytes, *outcome);
            }
            StreamEvent::Failed(fault) => panic!("{fault:?}"),
        }
    }
}

/// When each piece came.
async fn arrivals(mut stream: EventStream) -> Vec<(Instant, String)> {
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            StreamEvent::Chunk(chunk) => {
                seen.push((Instant::now(), String::from_utf8(chunk.to_vec()).unwrap()));
            }
            StreamEvent::Done(outcome) => assert!(outcome.result.is_ok(), "{outcome:?}"),
            StreamEvent::Failed(fault) => panic!("{fault:?}"),
        }
    }
    seen
}

fn assert_spread(seen: &[(Instant, String)]) {
    assert_eq!(seen.len(), 5, "{seen:?}");
    for pair in seen.windows(2) {
        let gap = pair[1].0 - pair[0].0;
        assert!(gap > Duration::from_millis(75), "{gap:?} between {pair:?}");
    }
}

async fn chunks_arrive_while_the_function_runs(stage: &Stage) {
    let function = deploy(stage);
    let seen = arrivals(stage.world.stream(&function, json!({ "probe": "ticks" })).await.unwrap()).await;
    assert_spread(&seen);
    assert!(seen.iter().enumerate().all(|(index, (_, text))| text.starts_with(&format!("{index}:"))));
}

async fn lines_of_a_program_arrive_while_it_runs(stage: &Stage) {
    let function = stage.world.program(SCRIPT).deploy(&stage.world);
    let seen = arrivals(stage.world.stream(&function, json!(null)).await.unwrap()).await;
    assert_spread(&seen);
    assert_eq!(seen[4].1, "tick 4\n");
}

async fn a_slow_reader_makes_the_function_wait(stage: &Stage) {
    const COUNT: usize = 400;
    let function = deploy(stage);
    let event = json!({ "probe": "ahead", "count": COUNT });
    let mut stream = stage.world.stream(&function, event).await.unwrap();
    let Some(StreamEvent::Chunk(first)) = stream.next().await else { panic!("no first chunk") };
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let resumed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let (bytes, outcome) = collect(stream).await;
    assert!(outcome.result.is_ok());
    let all = [&first[..], &bytes].concat();
    assert_eq!(all.len(), COUNT * 65536);
    let written: Vec<f64> = all
        .chunks(65536)
        .map(|chunk| std::str::from_utf8(&chunk[21..41]).unwrap().trim().parse().unwrap())
        .collect();
    let ahead = written.iter().filter(|at| **at < resumed - 0.2).count();
    // 25 MiB in all; what lies between function and reader is at most some MiB.
    assert!(ahead < 100, "{ahead} chunks of 64 KiB were written while nobody read");
    assert!(ahead > 1, "the probe itself works");
}

async fn a_reader_who_goes_away_ends_the_call(stage: &Stage) {
    let function = deploy(stage);
    let event = json!({ "probe": "endless", "mark": "it-endless" });
    let mut stream = stage.world.stream(&function, event).await.unwrap();
    assert!(matches!(stream.next().await, Some(StreamEvent::Chunk(_))));
    let marked = || stage.provider.processes().iter().any(|one| one.comm == "it-endless");
    assert!(marked());
    drop(stream);
    eventually("the function has ended", || (!marked()).then_some(())).await;
    let (bytes, _) =
        collect(stage.world.stream(&function, json!({ "probe": "large", "mb": 1 })).await.unwrap()).await;
    assert_eq!(bytes.len(), (1 << 20) + 64);
}

async fn sixty_four_mebibytes_arrive_whole(stage: &Stage) {
    let function = deploy(stage);
    let stream = stage.world.stream(&function, json!({ "probe": "large", "mb": 64 })).await.unwrap();
    let (bytes, outcome) = collect(stream).await;
    assert_eq!(outcome.result.unwrap(), "null");
    let (content, digest) = bytes.split_at(64 << 20);
    let own: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(own.as_bytes(), digest);
}

async fn an_error_in_the_middle_comes_after_what_was_written(stage: &Stage) {
    let function = deploy(stage);
    for (probe, kind) in [("fails", FunctionErrorKind::Error), ("dies", FunctionErrorKind::Exit)] {
        let (bytes, outcome) =
            collect(stage.world.stream(&function, json!({ "probe": probe })).await.unwrap()).await;
        assert_eq!(bytes, b"some", "{probe}");
        assert_eq!(outcome.result.unwrap_err().kind, kind, "{probe}");
    }
    let absent = nova_domain::FunctionName::new("absent").unwrap();
    let fault = stage.world.stream(&absent, json!(null)).await.err().unwrap();
    assert_eq!(fault.code(), Code::NotFound);
}

async fn an_endless_stream_ends_by_timeout(stage: &Stage) {
    let function = stage.world.python(CODE).limits(|limits| limits.timeout_s = 1).deploy(&stage.world);
    let (bytes, outcome) =
        collect(stage.world.stream(&function, json!({ "probe": "endless" })).await.unwrap()).await;
    assert!(!bytes.is_empty());
    assert_eq!(outcome.result.unwrap_err().kind, FunctionErrorKind::Timeout);
}
