//! Faults from outside, in the middle of calls: every caller gets a typed answer, nothing
//! is left behind, and afterwards everything works again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use libtest_mimic::Trial;
use nova_comet::Settings;
use nova_domain::FunctionName;
use nova_domain::call::{FunctionErrorKind, Outcome};
use nova_domain::fault::{Code, FaultResult};
use serde_json::{Value, json};

use crate::conformance::Provider;
use crate::process::ProcessStage;
use crate::support::keeper::{KeeperProcess, kill};
use crate::support::world::World;
use crate::support::{eventually, host, trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("faults::a_killed_agent_loses_its_calls_and_nothing_else", a_killed_agent),
        trial("faults::a_killed_runtime_is_a_crash_of_the_function", a_killed_runtime),
        trial("faults::a_killed_keeper_loses_every_call_and_comes_back", a_killed_keeper),
        trial(
            "faults::a_keeper_that_is_killed_again_and_again_leaves_nothing",
            a_keeper_killed_again_and_again,
        ),
        trial("faults::a_stopped_keeper_leaves_nothing", a_stopped_keeper),
        trial("faults::a_keeper_removes_what_a_killed_one_left", leftovers),
    ]
}

const CODE: &str = "
import os, time

def handler(event, context):
    time.sleep(event.get('seconds', 0))
    return os.getuid()
";

struct Scene {
    stage: ProcessStage,
    world: Arc<World>,
}

impl Scene {
    async fn new() -> Self {
        let stage = ProcessStage::start(2000, 2).await;
        let world = Arc::new(World::new(stage.backend(), stage.code_root(), Settings::default()));
        Self { stage, world }
    }

    fn deploy(&self) -> FunctionName {
        self.world.python(CODE).deploy(&self.world)
    }

    /// Calls that sleep in sandboxes of their own, and are there.
    async fn sleepers(
        &self,
        functions: &[FunctionName],
    ) -> Vec<tokio::task::JoinHandle<FaultResult<Outcome>>> {
        let calls = functions
            .iter()
            .map(|function| {
                let (world, function) = (self.world.clone(), function.clone());
                tokio::spawn(async move { world.invoke(&function, json!({ "seconds": 30 })).await })
            })
            .collect();
        for function in functions {
            self.sandbox_of(function).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        calls
    }

    /// Pid of the first process and uid of a function's sandbox.
    async fn sandbox_of(&self, function: &FunctionName) -> (i32, u32) {
        let wanted = format!("/{function}@");
        eventually("the function's sandbox", || {
            let found = self.stage.keeper.sandboxes().into_iter().find(|one| one.label.contains(&wanted))?;
            Some((found.pid as i32, found.uid))
        })
        .await
    }

    async fn assert_works(&self, function: &FunctionName) {
        assert_eq!(self.world.value(function, json!({})).await, 1000);
    }
}

fn code_of(result: FaultResult<Outcome>) -> Code {
    result.expect_err("the sandbox is gone").code()
}

async fn a_killed_agent() {
    let scene = Scene::new().await;
    let (victim, neighbour) = (scene.deploy(), scene.deploy());
    let mut calls = scene.sleepers(std::slice::from_ref(&victim)).await;
    let neighbour_call = {
        let (world, neighbour) = (scene.world.clone(), neighbour.clone());
        tokio::spawn(async move { world.value(&neighbour, json!({ "seconds": 1 })).await })
    };
    let (pid, uid) = scene.sandbox_of(&victim).await;
    let begun = Instant::now();
    kill(pid, libc::SIGKILL);
    assert_eq!(code_of(calls.remove(0).await.unwrap()), Code::SandboxLost);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(neighbour_call.await.unwrap(), 1000);
    eventually("its processes are gone", || host::processes_of(&(uid..uid + 1)).is_empty().then_some(()))
        .await;
    scene.assert_works(&victim).await;
    scene.assert_works(&neighbour).await;
}

async fn a_killed_runtime() {
    let scene = Scene::new().await;
    let function = scene.deploy();
    let mut calls = scene.sleepers(std::slice::from_ref(&function)).await;
    let (agent, uid) = scene.sandbox_of(&function).await;
    let runtime = host::processes_of(&(uid..uid + 1)).into_iter().find(|one| one.pid != agent).unwrap();
    kill(runtime.pid, libc::SIGKILL);
    let error = calls.remove(0).await.unwrap().unwrap().result.unwrap_err();
    assert_eq!((error.kind, error.signal), (FunctionErrorKind::Crash, Some(libc::SIGKILL)));
    scene.assert_works(&function).await;
}

async fn a_killed_keeper() {
    let scene = Scene::new().await;
    let functions: Vec<_> = (0..4).map(|_| scene.deploy()).collect();
    let calls = scene.sleepers(&functions).await;
    let first = scene.stage.keeper.pid();
    kill(first, libc::SIGKILL);
    let begun = Instant::now();
    for call in calls {
        assert_eq!(code_of(call.await.unwrap()), Code::SandboxLost);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Until the next one is up, a new call is refused as such; then all works again.
    for function in &functions {
        works_again(&scene.world, function).await;
    }
    assert_ne!(scene.stage.keeper.pid(), first);
    assert_nothing_but_what_is_known(&scene.stage.keeper).await;
    // Its stock is there again, too.
    let ready = scene.stage.backend.status().await.unwrap().stock.into_values().next().unwrap();
    assert_eq!(ready.target, 2);
}

async fn works_again(world: &World, function: &FunctionName) {
    let begun = Instant::now();
    loop {
        match world.invoke(function, json!({})).await {
            Ok(outcome) => {
                assert!(outcome.result.is_ok(), "{outcome:?}");
                return;
            }
            Err(fault) => {
                assert!(matches!(fault.code(), Code::Unavailable | Code::SandboxLost), "{fault:?}");
                assert!(begun.elapsed() < Duration::from_secs(10), "{fault:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Each process and each control group on the host belongs to a sandbox that the keeper knows.
async fn assert_nothing_but_what_is_known(keeper: &KeeperProcess) {
    eventually("only known processes and groups", || {
        let known = keeper.sandboxes();
        let uids: Vec<u32> = known.iter().map(|one| one.uid).collect();
        let stray_process = host::processes_of(&keeper.uids()).iter().any(|one| !uids.contains(&one.uid));
        let stray_group = host::cgroups_named(&keeper.label()).iter().any(|folder| {
            let below = std::fs::read_dir(folder).into_iter().flatten().flatten();
            below.filter(|entry| entry.path().is_dir()).any(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                !known.iter().any(|one| name == one.group)
            })
        });
        (!stray_process && !stray_group && keeper.sandboxes().len() == known.len()).then_some(())
    })
    .await;
}

async fn a_keeper_killed_again_and_again() {
    let scene = Scene::new().await;
    let functions: Vec<_> = (0..3).map(|_| scene.deploy()).collect();
    for round in 0..4 {
        let calls: Vec<_> = functions
            .iter()
            .flat_map(|function| (0..5).map(move |_| function.clone()))
            .map(|function| {
                let world = scene.world.clone();
                tokio::spawn(async move { world.invoke(&function, json!({ "seconds": 0.05 })).await })
            })
            .collect();
        // At another moment each time: while sandboxes are made, loaded, running.
        tokio::time::sleep(Duration::from_millis(7 + round * 30)).await;
        kill(scene.stage.keeper.pid(), libc::SIGKILL);
        for result in join_all(calls).await {
            match result.unwrap() {
                Ok(outcome) => assert!(outcome.result.is_ok(), "{outcome:?}"),
                Err(fault) => {
                    assert!(matches!(fault.code(), Code::SandboxLost | Code::Unavailable), "{fault:?}")
                }
            }
        }
        works_again(&scene.world, &functions[0]).await;
    }
    assert_nothing_but_what_is_known(&scene.stage.keeper).await;
}

async fn a_stopped_keeper() {
    let scene = Scene::new().await;
    let functions: Vec<_> = (0..2).map(|_| scene.deploy()).collect();
    let calls = scene.sleepers(&functions).await;
    let _ = scene.stage.backend.shutdown().await;
    for call in calls {
        assert_eq!(code_of(call.await.unwrap()), Code::SandboxLost);
    }
    let keeper = &scene.stage.keeper;
    eventually("the keeper has ended", || keeper.has_ended().then_some(())).await;
    assert_eq!(keeper.left_behind(), Vec::<String>::new());
    let fault = scene.world.invoke(&functions[0], Value::Null).await.unwrap_err();
    assert_eq!(fault.code(), Code::Unavailable);
}

async fn leftovers() {
    let keeper = KeeperProcess::start(2000);
    keeper.kill();
    // What a killed keeper can leave: groups with processes that were being made, its
    // socket, its mount point.
    let folders = host::cgroups_named(&keeper.label());
    assert!(!folders.is_empty());
    let mut process = std::process::Command::new("/bin/sleep").arg("1000").spawn().unwrap();
    for folder in &folders {
        let group = folder.join("s77");
        std::fs::create_dir(&group).unwrap();
        std::fs::write(group.join("cgroup.procs"), process.id().to_string()).unwrap();
    }
    keeper.start_again();
    let status =
        eventually("the process of the dead keeper's sandbox is ended", || process.try_wait().unwrap()).await;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGKILL));
    let below = |folder: &std::path::PathBuf| folder.join("s77").exists();
    assert!(!folders.iter().any(below), "the group of the dead keeper is still there");
    assert_eq!(keeper.leased().len(), 0);
    // A second keeper for the same folder is refused while one runs.
    let mut second = crate::support::keeper::command(&std::env::current_exe().unwrap(), &keeper.config);
    let output = second.output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("another keeper runs"), "{output:?}");
}
