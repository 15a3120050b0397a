//! Memory, processes, disk, CPU and time: what is used up is told by name, and neither
//! the next call nor another function notices.

use std::sync::Arc;
use std::time::Instant;

use nova_domain::FunctionName;
use nova_domain::call::{FunctionError, FunctionErrorKind};
use nova_domain::function::Limits;
use nova_domain::log::{LOG_CALL_MAX, LogStream};
use serde_json::{Value, json};

use super::{Case, Stage, cases};

pub const PROBES: &str = include_str!("../probes/limits.py");

pub fn cases() -> Vec<Case> {
    cases!["limits";
        an_allocation_over_the_limit_is_out_of_memory_and_the_next_call_works,
        memory_used_up_step_by_step_is_out_of_memory,
        a_child_over_the_limit_harms_no_other_call,
        files_in_tmp_count_as_memory_and_have_a_limit_of_their_own,
        shared_memory_counts_as_memory,
        the_number_of_files_is_limited,
        a_file_over_the_limit_is_an_error_or_the_signal_for_it,
        open_files_and_threads_are_limited,
        a_busy_loop_gets_its_share_of_a_cpu,
        a_fork_bomb_ends_with_its_call,
        a_fork_bomb_in_the_shell_ends_with_its_call,
        a_timeout_ends_the_whole_tree_of_processes,
        a_program_that_ignores_signals_is_ended_all_the_same,
        endless_output_is_cut_and_marked,
        a_daemon_is_gone_before_the_next_call,
        a_storm_of_zombies_leaves_the_next_call_unharmed,
        an_answer_over_the_limit_is_refused_with_the_limit,
    ]
}

fn deploy(stage: &Stage, change: impl FnOnce(&mut Limits)) -> FunctionName {
    stage.world.probe(PROBES).limits(change).deploy(&stage.world)
}

/// The next call of the function works, in a sandbox with nothing left in it.
pub async fn assert_fine(stage: &Stage, function: &FunctionName) {
    let found = stage.world.ask(function, "fine").await;
    assert_eq!(found["said"], "fine");
    assert_eq!(found["pids"], json!([1, found["self"]]), "something was left running");
}

fn assert_out_of_memory(error: &FunctionError) {
    assert_eq!(error.kind, FunctionErrorKind::OutOfMemory, "{error:?}");
    assert!(error.message.contains("memory_mb"), "{}", error.message);
}

pub async fn an_allocation_over_the_limit_is_out_of_memory_and_the_next_call_works(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.memory_mb = 64);
    let neighbour = deploy(&stage, |_| {});
    let (error, slept) = tokio::join!(
        stage.world.error(&function, json!({ "probe": "allocate", "mb": 1024 })),
        stage.world.value(&neighbour, json!({ "probe": "sleep", "seconds": 1 })),
    );
    assert_out_of_memory(&error);
    assert_eq!(slept, "slept");
    assert_fine(&stage, &function).await;
    assert_fine(&stage, &neighbour).await;
    // What fits is given.
    let roomy = deploy(&stage, |limits| limits.memory_mb = 512);
    let size = stage.world.value(&roomy, json!({ "probe": "allocate", "mb": 300 })).await;
    assert_eq!(size, 300 << 20);
}

pub async fn memory_used_up_step_by_step_is_out_of_memory(stage: Arc<Stage>) {
    let function = deploy(&stage, |_| {});
    assert_out_of_memory(&stage.world.error(&function, json!({ "probe": "allocate_slowly" })).await);
    assert_fine(&stage, &function).await;
    // Told once: the count of an earlier call is not blamed on a later one.
    let error = stage.world.error(&function, json!({ "probe": "kill_self", "signal": 9 })).await;
    assert_eq!((error.kind, error.signal), (FunctionErrorKind::Crash, Some(9)));
}

pub async fn a_child_over_the_limit_harms_no_other_call(stage: Arc<Stage>) {
    let function = deploy(&stage, |_| {});
    let outcome = stage.world.invoke(&function, json!({ "probe": "child_allocates" })).await.unwrap();
    match outcome.result {
        // The kernel chose the child, and user code could see that.
        Ok(code) => assert_eq!(code, "-9"),
        Err(error) => assert_out_of_memory(&error),
    }
    assert_fine(&stage, &function).await;
}

pub async fn files_in_tmp_count_as_memory_and_have_a_limit_of_their_own(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.tmp_mb = 20);
    let found = stage.world.value(&function, json!({ "probe": "fill", "folder": "/tmp", "mb": 60 })).await;
    assert_eq!(found["error"], "ENOSPC");
    assert!((18..=20).contains(&found["mb"].as_u64().unwrap()), "{found}");
    stage.world.ask(&function, "empty").await;
    assert_fine(&stage, &function).await;

    let function = deploy(&stage, |limits| (limits.tmp_mb, limits.memory_mb) = (1000, 64));
    for folder in ["/tmp", "/dev/shm"] {
        let event = json!({ "probe": "fill", "folder": folder, "mb": 200 });
        let outcome = stage.world.invoke(&function, event).await.unwrap();
        match outcome.result {
            Ok(found) => assert!(found.starts_with(b"{\"error\":\"ENOSPC\""), "{folder}: {found:?}"),
            Err(error) => assert_out_of_memory(&error),
        }
        let _ = stage.world.invoke(&function, json!({ "probe": "empty" })).await.unwrap();
        assert_fine(&stage, &function).await;
    }
}

pub async fn shared_memory_counts_as_memory(stage: Arc<Stage>) {
    let function = deploy(&stage, |_| {});
    assert_out_of_memory(&stage.world.error(&function, json!({ "probe": "sysv", "mb": 400 })).await);
    assert_fine(&stage, &function).await;
}

pub async fn the_number_of_files_is_limited(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.memory_mb = 512);
    let found = stage.world.ask(&function, "inodes").await;
    assert_eq!(found["error"], "ENOSPC");
    assert!(found["count"].as_u64().unwrap() < 70_000, "{found}");
    // With less memory than the files need, the memory limit comes first.
    let function = deploy(&stage, |limits| limits.memory_mb = 64);
    let outcome = stage.world.invoke(&function, json!({ "probe": "inodes" })).await.unwrap();
    if let Err(error) = outcome.result {
        assert_out_of_memory(&error);
        assert_fine(&stage, &function).await;
    }
}

pub async fn a_file_over_the_limit_is_an_error_or_the_signal_for_it(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.file_size_mb = 2);
    let found = stage.world.value(&function, json!({ "probe": "large_file", "mb": 8 })).await;
    assert_eq!(found, json!({ "error": "EFBIG", "bytes": 2 << 20 }));
    // A program that does not ignore the signal ends by it, which is not the memory limit.
    let program = stage
        .world
        .program(b"#!/bin/sh\nexec head -c 8000000 /dev/zero > /tmp/large\n")
        .limits(|limits| limits.file_size_mb = 2)
        .deploy(&stage.world);
    let error = stage.world.error(&program, Value::Null).await;
    assert_eq!((error.kind, error.signal), (FunctionErrorKind::Crash, Some(libc::SIGXFSZ)));
    assert!(error.message.contains("file size limit"), "{}", error.message);
}

pub async fn open_files_and_threads_are_limited(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.pids = 32);
    let found = stage.world.ask(&function, "open_files").await;
    assert_eq!(found["error"], "EMFILE");
    assert!(found["count"].as_u64().unwrap() <= 4096);
    let found = stage.world.ask(&function, "threads").await;
    assert_eq!(found["error"], "can't start new thread");
    let count = found["count"].as_u64().unwrap();
    assert!((24..32).contains(&count), "{count} threads with a limit of 32");
    assert_fine(&stage, &function).await;
}

pub async fn a_busy_loop_gets_its_share_of_a_cpu(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.cpu_millis = 200);
    let used = stage.world.value(&function, json!({ "probe": "busy", "seconds": 1.5 })).await;
    let share = used.as_f64().unwrap() / 1.5;
    assert!(share < 0.3, "{share} of a CPU with a limit of 0.2");
    assert!(share > 0.05, "{share} of a CPU with a limit of 0.2");
}

pub async fn a_fork_bomb_ends_with_its_call(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| (limits.timeout_s, limits.pids) = (2, 64));
    let event = json!({ "probe": "fork_bomb", "mark": "it-bomb-py" });
    let error = stage.world.error(&function, event).await;
    assert!(matches!(error.kind, FunctionErrorKind::Timeout | FunctionErrorKind::OutOfMemory), "{error:?}");
    assert_fine(&stage, &function).await;
    assert_gone(&stage, "it-bomb-py").await;
}

pub async fn a_fork_bomb_in_the_shell_ends_with_its_call(stage: Arc<Stage>) {
    let function = stage
        .world
        .program(b"#!/bin/sh\nbomb() { bomb | bomb & }\nbomb\nsleep 60\n")
        .limits(|limits| (limits.timeout_s, limits.pids) = (2, 64))
        .deploy(&stage.world);
    let error = stage.world.error(&function, Value::Null).await;
    // Whether the first shell waits or fails to fork is its own affair.
    assert!(matches!(error.kind, FunctionErrorKind::Timeout | FunctionErrorKind::Exit), "{error:?}");
    let error = stage.world.error(&function, Value::Null).await;
    assert!(matches!(error.kind, FunctionErrorKind::Timeout | FunctionErrorKind::Exit), "{error:?}");
    assert_gone(&stage, "program").await;
}

/// No process of that name is left in any sandbox.
async fn assert_gone(stage: &Stage, mark: &str) {
    crate::support::eventually(&format!("processes named {mark} are gone"), || {
        stage.marked(mark).is_empty().then_some(())
    })
    .await;
}

pub async fn a_timeout_ends_the_whole_tree_of_processes(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.timeout_s = 1);
    let begun = Instant::now();
    let error = stage.world.error(&function, json!({ "probe": "family", "mark": "it-family" })).await;
    assert_eq!(error.kind, FunctionErrorKind::Timeout, "{error:?}");
    assert!(error.message.contains("1000 ms"), "{}", error.message);
    assert!((0.9..2.0).contains(&begun.elapsed().as_secs_f64()), "{:?}", begun.elapsed());
    assert_fine(&stage, &function).await;
    assert_gone(&stage, "it-family").await;
}

pub async fn a_program_that_ignores_signals_is_ended_all_the_same(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.timeout_s = 1);
    let error = stage.world.error(&function, json!({ "probe": "swallow_stop" })).await;
    assert_eq!(error.kind, FunctionErrorKind::Timeout);
    assert_fine(&stage, &function).await;
}

pub async fn endless_output_is_cut_and_marked(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.timeout_s = 1);
    for probe in ["print_endlessly", "print_one_line"] {
        let outcome = stage.world.invoke(&function, json!({ "probe": probe })).await.unwrap();
        let error = outcome.result.unwrap_err();
        assert_eq!(error.kind, FunctionErrorKind::Timeout, "{probe}: {error:?}");
        let kept: usize = outcome.logs.iter().map(|line| line.text.len()).sum();
        assert!(kept <= LOG_CALL_MAX + 1024, "{probe}: {kept} bytes of log");
        assert!(outcome.logs_dropped > 0, "{probe}");
        let marked = outcome.logs.iter().any(|line| {
            line.stream == LogStream::Platform && line.text.contains("cut")
                || line.text.ends_with(" [line cut]")
        });
        assert!(marked, "{probe}: {:?}", outcome.logs.last());
    }
    assert_fine(&stage, &function).await;
}

pub async fn a_daemon_is_gone_before_the_next_call(stage: Arc<Stage>) {
    let function = deploy(&stage, |_| {});
    for (probe, mark) in [("daemon", "it-daemon"), ("stubborn_daemon", "it-stubborn")] {
        assert_eq!(stage.world.value(&function, json!({ "probe": probe, "mark": mark })).await, "up");
        assert_fine(&stage, &function).await;
        assert!(stage.marked(mark).is_empty(), "{mark} outlived its call");
    }
}

pub async fn a_storm_of_zombies_leaves_the_next_call_unharmed(stage: Arc<Stage>) {
    let function = deploy(&stage, |_| {});
    for _ in 0..3 {
        assert_eq!(stage.world.value(&function, json!({ "probe": "zombies", "count": 100 })).await, "done");
        assert_fine(&stage, &function).await;
    }
}

pub async fn an_answer_over_the_limit_is_refused_with_the_limit(stage: Arc<Stage>) {
    let function = deploy(&stage, |limits| limits.memory_mb = 256);
    for mb in [7, 9] {
        let error = stage.world.error(&function, json!({ "probe": "large_answer", "mb": mb })).await;
        assert_eq!(error.kind, FunctionErrorKind::BadResponse, "{mb} MB: {error:?}");
        assert!(error.message.contains("bytes"), "{}", error.message);
        assert_fine(&stage, &function).await;
    }
    let event = json!({ "probe": "large_answer", "mb": 5 });
    assert_eq!(stage.world.value(&function, event).await.as_str().unwrap().len(), 5 << 20);
}
