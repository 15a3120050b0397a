//! What is kept ready waits for idle CPUs; what is used does not, and has its limits before
//! its first line of user code.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Trial;
use nova_comet::Settings;
use nova_domain::call::FunctionErrorKind;
use nova_keeper::protocol::SandboxInfo;
use serde_json::json;

use crate::process::ProcessStage;
use crate::support::keeper::{KeeperProcess, kill};
use crate::support::world::World;
use crate::support::{eventually, host, trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("pace::stock_waits_for_idle_cpus_until_it_is_used", used),
        trial("pace::one_that_is_taken_while_it_starts_is_brought_to_pace", taken_early),
        trial("pace::limits_hold_while_code_is_loaded", limits_while_loading),
        trial("pace::the_porter_is_replaced_and_groups_are_removed_all_the_same", porter_killed),
    ]
}

fn world(stage: &ProcessStage) -> Arc<World> {
    Arc::new(World::new(stage.backend.clone(), stage.keeper.code_root(), Settings::default()))
}

/// Whose turn it is at the CPUs for a sandbox.
#[derive(Debug, PartialEq)]
enum Pace {
    Idle,
    Normal,
    /// Its processes are on their way, or ended.
    Neither,
}

/// The pace of all processes of the sandbox.
fn pace_of(keeper: &KeeperProcess, sandbox: &SandboxInfo) -> Pace {
    let groups = cpu_groups(keeper, sandbox);
    let own = groups == [&*sandbox.group];
    let idle = if host::has_one_hierarchy() {
        // It is marked in place.
        own && is_idle(&cpu_folder(&keeper.label()).join(&sandbox.group))
    } else {
        groups == [idle_group(keeper)]
    };
    match (idle, own) {
        (true, _) => Pace::Idle,
        (false, true) => Pace::Normal,
        (false, false) => Pace::Neither,
    }
}

/// The groups that limit the CPU time of the sandbox's processes.
fn cpu_groups(keeper: &KeeperProcess, sandbox: &SandboxInfo) -> Vec<String> {
    let range = sandbox.uid..sandbox.uid + 1;
    assert!(keeper.uids().contains(&sandbox.uid));
    let controller = if host::has_one_hierarchy() { "" } else { "cpu" };
    let group = |pid: i32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        let line = text.lines().find(|line| line.split(':').nth(1) == Some(controller))?;
        Some(line.rsplit('/').next()?.to_owned())
    };
    let mut groups: Vec<String> =
        host::processes_of(&range).iter().filter_map(|process| group(process.pid)).collect();
    groups.sort();
    groups.dedup();
    groups
}

fn cpu_folder(label: &str) -> PathBuf {
    let hierarchy = if host::has_one_hierarchy() { "/sys/fs/cgroup" } else { "/sys/fs/cgroup/cpu" };
    let found = host::cgroups_named(label)
        .into_iter()
        .find(|path| path.starts_with(hierarchy) && path.file_name().is_some_and(|name| name == label));
    found.expect("this host has the cpu controller")
}

fn is_idle(group: &Path) -> bool {
    std::fs::read_to_string(group.join("cpu.idle")).is_ok_and(|text| text.trim() == "1")
}

fn idle_group(keeper: &KeeperProcess) -> String {
    format!("{}-idle", keeper.label())
}

async fn used() {
    let stage = ProcessStage::start(5000, 1).await;
    let keeper = &stage.keeper;
    assert!(host::has_one_hierarchy() || is_idle(&cpu_folder(&idle_group(keeper))));
    let world = world(&stage);
    let code = "def handler(event, context):\n    return 1\n";
    // What was there at first may have settled before we look; what replaces it begins now.
    let first = world.python(code).deploy(&world);
    world.value(&first, json!({})).await;
    let slow = |one: &SandboxInfo| pace_of(keeper, one) == Pace::Idle;
    eventually("a sandbox starts at idle CPUs", || keeper.sandboxes().into_iter().find(slow)).await;
    // Once it has imported all that it imports ahead, it is one of the others.
    let settled = |one: &SandboxInfo| {
        !one.leased && one.stock.starts_with("python") && pace_of(keeper, one) == Pace::Normal
    };
    let ready = eventually("it settles", || keeper.sandboxes().into_iter().find(settled)).await;
    let function = world.python(code).deploy(&world);
    world.value(&function, json!({})).await;
    let taken = keeper.leased();
    assert_eq!(taken.len(), 2);
    let taken = taken.iter().find(|one| one.sandbox == ready.sandbox).expect("the one that was ready");
    assert_eq!(pace_of(keeper, taken), Pace::Normal);
    assert!(!is_idle(&cpu_folder(&keeper.label()).join(&taken.group)));
}

async fn taken_early() {
    let stage = ProcessStage::start(5000, 1).await;
    let keeper = &stage.keeper;
    let world = world(&stage);
    let code = "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        time.sleep(3)\n        os._exit(0)\n\
                time.sleep(1)\ndef handler(event, context): pass\n";
    // At another moment each time; with processes that are born while others move.
    for pause_ms in [0, 3, 10, 25] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        let function = world.python(code).pool(|pool| pool.idle_ttl_s = 0).deploy(&world);
        let call = {
            let world = world.clone();
            tokio::spawn(async move { drop(world.invoke(&function, json!({})).await) })
        };
        let settled = || {
            let leased = keeper.leased();
            let all = leased.iter().all(|one| pace_of(keeper, one) == Pace::Normal);
            (!leased.is_empty() && all).then_some(())
        };
        eventually("every process of it is at the pace of the others", settled).await;
        call.abort();
        eventually("it ends", || keeper.leased().is_empty().then_some(())).await;
    }
}

async fn limits_while_loading() {
    let stage = ProcessStage::start(5000, 1).await;
    let world = world(&stage);
    // Less than a sandbox in stock may use, more than this function may.
    let code = "held = bytearray(100 << 20)\nfor i in range(0, len(held), 4096): held[i] = 1\n\
                def handler(event, context): return len(held)\n";
    for memory_mb in [64, 256] {
        let function = world.python(code).limits(|limits| limits.memory_mb = memory_mb).deploy(&world);
        if memory_mb == 64 {
            assert_eq!(world.error(&function, json!({})).await.kind, FunctionErrorKind::OutOfMemory);
        } else {
            assert_eq!(world.value(&function, json!({})).await, json!(100 << 20));
        }
    }
}

/// The keeper's child that is root as it is: the porter.
fn porter(keeper: &KeeperProcess) -> Option<i32> {
    let parent_of = |pid: i32| -> Option<i32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    // A shell that is just being made has a user namespace of its own.
    let namespace = |pid: i32| std::fs::read_link(format!("/proc/{pid}/ns/user")).ok();
    host::processes_of(&(0..1))
        .into_iter()
        .map(|process| process.pid)
        .find(|pid| parent_of(*pid) == Some(keeper.pid()) && namespace(*pid) == namespace(keeper.pid()))
}

async fn porter_killed() {
    let stage = ProcessStage::start(5000, 2).await;
    let keeper = &stage.keeper;
    let world = world(&stage);
    for _ in 0..3 {
        let old = eventually("there is a porter", || porter(keeper)).await;
        kill(old, libc::SIGKILL);
        let function = world.python("def handler(event, context):\n    return 1\n").deploy(&world);
        world.value(&function, json!({})).await;
        let new = eventually("there is another", || porter(keeper).filter(|pid| *pid != old)).await;
        assert_ne!(new, old);
    }
    world.stop.cancel();
    eventually("groups of ended sandboxes are gone", || {
        let known: Vec<String> = keeper.sandboxes().into_iter().map(|one| one.group).collect();
        let below = std::fs::read_dir(cpu_folder(&keeper.label())).unwrap().flatten();
        let stray = below
            .filter(|entry| entry.path().is_dir())
            .any(|entry| !known.iter().any(|name| *name == *entry.file_name().to_string_lossy()));
        (!stray && keeper.leased().is_empty()).then_some(())
    })
    .await;
}
