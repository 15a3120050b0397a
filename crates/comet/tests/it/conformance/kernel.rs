//! The system calls that lead out of a sandbox are refused, by whatever door.

use std::sync::Arc;

use nova_domain::FunctionName;
use serde_json::json;

use super::{Case, Stage, assert_all, cases};

const PROBES: &str = include_str!("../probes/kernel.py");

pub fn cases() -> Vec<Case> {
    cases!["kernel";
        calls_that_reach_the_host_are_refused,
        no_namespace_can_be_made,
        x32_numbers_are_refused,
        a_32_bit_call_ends_the_process,
        nothing_can_be_typed_into_a_terminal,
    ]
}

fn deploy(stage: &Stage) -> FunctionName {
    stage.world.probe(PROBES).deploy(&stage.world)
}

pub async fn calls_that_reach_the_host_are_refused(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "refused").await;
    assert!(found.as_object().unwrap().len() > 60);
    assert_all(&found, &["EPERM"]);
}

pub async fn no_namespace_can_be_made(stage: Arc<Stage>) {
    let mut found = stage.world.ask(&deploy(&stage), "namespaces").await;
    // Its flags lie in memory, where a filter cannot see them: libraries fall back to clone.
    assert_eq!(found.as_object_mut().unwrap().remove("clone3").unwrap(), "ENOSYS");
    assert_all(&found, &["EPERM"]);
}

pub async fn x32_numbers_are_refused(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "x32").await;
    assert_all(&found, &["EPERM", "ENOSYS"]);
}

pub async fn a_32_bit_call_ends_the_process(stage: Arc<Stage>) {
    let mut found = stage.world.ask(&deploy(&stage), "int_80").await;
    assert_eq!(
        found.as_object_mut().unwrap().remove("control").unwrap(),
        json!("42"),
        "the probe itself works"
    );
    // 11 where the kernel has no 32-bit calls at all.
    assert_all(&found, &["signal 31", "signal 11"]);
}

pub async fn nothing_can_be_typed_into_a_terminal(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "terminal").await;
    assert_all(&found, &["EPERM"]);
}
