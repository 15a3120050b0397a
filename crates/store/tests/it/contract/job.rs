use std::collections::BTreeSet;

use nova_domain::access::{Names, Pattern, Principal};
use nova_domain::call::{CallChain, FunctionRef, Qualifier, TraceContext};
use nova_domain::job::{
    DeadReason, Ended, Job, JobCaller, JobOrder, JobStatus, JobWithPayload, RetrySettings,
};
use nova_domain::{AliasName, Code, FaultResult, JobId, Scope};
use nova_store::PageRequest;
use nova_store::repo::{Claim, Claimed, JobFilter, RunFilter, RunRecord, Slot, Waiting};

use crate::fixture::*;

const LEASE: i64 = 15_000_000;

fn jid(text: &str) -> JobId {
    JobId::new(text).expect("job id")
}

/// A job of function `f-<function>` that was accepted at `created` (microseconds).
pub(crate) fn job(scope: &Scope, id: &str, of: &str, created: i64) -> JobWithPayload {
    let payload = format!("{{\"id\":\"{id}\"}}");
    let order = JobOrder {
        id: jid(id),
        scope: scope.clone(),
        function: function(scope, of).id,
        target: FunctionRef { name: name(of), qualifier: Qualifier::Active },
        retry: RetrySettings::default(),
        chain: CallChain::default(),
        trace: TraceContext::default(),
        caller: None,
        client_context: None,
        idempotency_key: None,
        payload_size: payload.len() as u64,
        created_at: at(created),
    };
    JobWithPayload { job: Job::new(order), payload: payload.into() }
}

async fn accept(bench: &Bench, job: &JobWithPayload) {
    let accepted = bench.store.jobs().accept(job).await.expect("accepts");
    assert_eq!((accepted.job, accepted.replayed), (job.job.clone(), false));
}

fn claim_at(now: i64, count: usize) -> Claim {
    let slot = |place| Slot { run: rid(&format!("run-{now}-{place}")), chance: 0.5 };
    Claim { now: at(now), lease: at(now + LEASE), slots: (0..count).map(slot).collect(), busy: Vec::new() }
}

async fn claim(bench: &Bench, now: i64, count: usize) -> Claimed {
    bench.store.jobs().claim(&bench.system, claim_at(now, count)).await.expect("claims")
}

async fn finish(bench: &Bench, id: &str, fence: u64, now: i64, ended: Ended) -> FaultResult<Job> {
    bench.store.jobs().finish(&bench.system, &jid(id), fence, at(now), ended, 0.5).await
}

async fn ids(bench: &Bench, scope: &Scope, filter: &JobFilter) -> Vec<String> {
    let page = bench.store.jobs().list(scope, filter, &PageRequest::default()).await.expect("lists");
    page.items.iter().map(|job| job.order.id.to_string()).collect()
}

fn begun(claimed: &Claimed) -> Vec<&str> {
    claimed.begun.iter().map(|begun| begun.job.order.id.as_str()).collect()
}

pub(crate) async fn an_accepted_job_is_read_back_whole(bench: &Bench) {
    let mut order = job(&here(), "j1", "mail", 1_000);
    let alias = AliasName::new("live").expect("alias");
    order.job.order.target.qualifier = Qualifier::alias(alias).at_point(u64::MAX);
    order.job.order.retry =
        RetrySettings { max_attempts: 7, backoff_base_ms: 5, backoff_max_ms: 6, max_age_s: 7 };
    order.job.order.chain = CallChain(vec![name("cart"), name("order")]);
    order.job.order.trace = TraceContext {
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        tracestate: Some("a=b".into()),
    };
    order.job.order.caller = Some(JobCaller::of(&Principal::dev(), &here(), &name("mail")));
    order.job.order.client_context = Some("{\"custom\":{\"a\":\"\\u0000ä\"}}".into());
    order.job.order.idempotency_key = Some("order 17".into());
    order.payload = "{\"text\":\"ä\u{1f980} \\u0000 'quoted'\"}".into();
    accept(bench, &order).await;
    assert_eq!(bench.store.jobs().get(&here(), &jid("j1")).await.expect("reads"), order);
    assert_eq!(claim(bench, 1_000, 1).await.begun[0].payload, order.payload);
    let large = JobWithPayload {
        payload: format!("\"{}\"", "x".repeat(nova_domain::job::JOB_PAYLOAD_MAX - 2)).into(),
        ..job(&here(), "j2", "mail", 1_000)
    };
    accept(bench, &large).await;
    assert_eq!(bench.store.jobs().get(&here(), &jid("j2")).await.expect("reads").payload, large.payload);
}

pub(crate) async fn orders_with_the_same_key_are_one_job_and_another_event_is_refused(bench: &Bench) {
    let keyed = |id: &str, of: &str| {
        let mut order = job(&here(), id, of, 1_000);
        order.job.order.idempotency_key = Some("k".into());
        order.payload = "1".into();
        order
    };
    accept(bench, &keyed("j1", "mail")).await;
    // Of another function, or of another namespace, it is another one.
    accept(bench, &keyed("j2", "bill")).await;
    let mut elsewhere = keyed("j3", "mail");
    elsewhere.job.order.scope = scope("acme", "staging");
    accept(bench, &elsewhere).await;

    let again = bench.store.jobs().accept(&keyed("j4", "mail")).await.expect("replays");
    assert_eq!((again.job.order.id.as_str(), again.replayed), ("j1", true));
    let other = JobWithPayload { payload: "2".into(), ..keyed("j5", "mail") };
    assert_eq!(bench.store.jobs().accept(&other).await.expect_err("another event").code(), Code::Conflict);
    let mut version = keyed("j6", "mail");
    version.job.order.target.qualifier = Qualifier::Number(2);
    assert_eq!(
        bench.store.jobs().accept(&version).await.expect_err("another version").code(),
        Code::Conflict
    );

    // Which version of an alias is called is drawn for each order, and no difference.
    let live = Qualifier::alias(AliasName::new("live").expect("alias"));
    for (id, point, replayed) in [("a1", 1, false), ("a2", 2, true)] {
        let mut order = keyed(id, "mail");
        order.job.order.idempotency_key = Some("of an alias".into());
        order.job.order.target.qualifier = live.clone().at_point(point);
        let accepted = bench.store.jobs().accept(&order).await.expect("accepts");
        assert_eq!((accepted.job.order.id.as_str(), accepted.replayed), ("a1", replayed));
    }

    // The key holds for what has ended, until the job is gone.
    for begun in claim(bench, 1_000, 9).await.begun {
        let id = begun.job.order.id.to_string();
        finish(bench, &id, 1, 2_000, Ended::Succeeded { output: None }).await.expect("finishes");
    }
    assert!(bench.store.jobs().accept(&keyed("j7", "mail")).await.expect("replays").replayed);
    bench.store.jobs().delete(&here(), &jid("j1")).await.expect("deletes");
    accept(bench, &keyed("j8", "mail")).await;
}

pub(crate) async fn of_many_concurrent_orders_with_one_key_one_is_accepted(bench: &Bench) {
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = bench.store.clone();
            let mut order = job(&here(), &format!("j{number}"), "mail", 1_000);
            order.job.order.idempotency_key = Some("k".into());
            order.payload = "1".into();
            tokio::spawn(async move { store.jobs().accept(&order).await.expect("accepts or replays") })
        })
        .collect();
    let mut seen = BTreeSet::new();
    let mut fresh = 0;
    for task in tasks {
        let accepted = task.await.expect("ends");
        fresh += usize::from(!accepted.replayed);
        seen.insert(accepted.job.order.id.to_string());
    }
    assert_eq!((fresh, seen.len()), (1, 1));
}

pub(crate) async fn of_many_concurrent_claims_each_job_is_begun_by_one(bench: &Bench) {
    for number in 0..40 {
        accept(bench, &job(&here(), &format!("j{number:02}"), "mail", number)).await;
    }
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, system) = (bench.store.clone(), bench.system.clone());
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let claimed = store.jobs().claim(&system, claim_at(1_000, 3)).await.expect("claims");
                    if claimed.begun.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed.begun.into_iter().map(|begun| begun.job.order.id.to_string()));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("ends"));
    }
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (40, 40), "{all:?}");
}

pub(crate) async fn a_claim_takes_the_longest_due_first_and_leaves_out_busy_functions(bench: &Bench) {
    accept(bench, &job(&here(), "late", "mail", 3_000)).await;
    accept(bench, &job(&here(), "early", "mail", 1_000)).await;
    accept(bench, &job(&here(), "slow", "slow", 500)).await;
    accept(bench, &job(&scope("evil", "prod"), "theirs", "mail", 2_000)).await;
    accept(bench, &job(&here(), "future", "mail", 9_000)).await;
    let mut busy = claim_at(5_000, 2);
    busy.busy = vec![function(&here(), "slow").id, fid("f-other")];
    let claimed = bench.store.jobs().claim(&bench.system, busy).await.expect("claims");
    assert_eq!(begun(&claimed), ["early", "theirs"]);
    let job = &claimed.begun[0].job;
    assert_eq!((job.status, job.fence, job.due_at), (JobStatus::Running, 1, Some(at(5_000 + LEASE))));
    assert_eq!(job.attempts[0].run, rid("run-5000-0"));
    assert_eq!(begun(&claim(bench, 5_000, 9).await), ["slow", "late"]);
    assert_eq!(claim(bench, 5_000, 9).await, Claimed::default());
}

pub(crate) async fn a_lease_that_is_renewed_holds_and_a_late_attempt_is_refused(bench: &Bench) {
    for id in ["kept", "lost"] {
        accept(bench, &job(&here(), id, "mail", 0)).await;
    }
    assert_eq!(claim(bench, 0, 9).await.begun.len(), 2);
    let jobs = bench.store.jobs();
    let held = [(jid("kept"), 1), (jid("lost"), 9), (jid("nobody"), 1)];
    assert_eq!(jobs.renew(&bench.system, &held, at(2 * LEASE)).await.expect("renews"), [(jid("kept"), 1)]);

    // The lease of the other is over: it counts as a failure, and is tried again after the wait.
    let after = claim(bench, LEASE, 9).await;
    assert!(after.begun.is_empty());
    assert_eq!(after.settled.len(), 1);
    let lost = &after.settled[0];
    assert_eq!((lost.order.id.as_str(), lost.status), ("lost", JobStatus::Queued));
    assert_eq!(lost.last_error().expect("said").error_type, "attempt_lost");
    let again = claim(bench, lost.due_at.expect("waits").as_micros(), 9).await;
    assert_eq!((begun(&again), again.begun[0].job.fence), (vec!["lost"], 2));

    let fault = finish(bench, "lost", 1, LEASE, Ended::Succeeded { output: None }).await;
    assert_eq!(fault.expect_err("late").code(), Code::Conflict);
    let done = finish(bench, "lost", 2, LEASE, Ended::Succeeded { output: Some("7".into()) }).await;
    assert_eq!(done.expect("the newest").status, JobStatus::Succeeded);
    assert!(jobs.renew(&bench.system, &[(jid("lost"), 2)], at(9 * LEASE)).await.expect("asks").is_empty());
    let stored = jobs.get(&here(), &jid("lost")).await.expect("reads").job;
    assert_eq!((stored.output.as_deref(), stored.attempts.len()), (Some("7"), 2));
    let gone = finish(bench, "nobody", 1, 0, Ended::Succeeded { output: None }).await;
    assert_eq!(gone.expect_err("never was").code(), Code::NotFound);
}

pub(crate) async fn a_dead_job_is_retried_and_a_running_one_is_neither_retried_nor_deleted(bench: &Bench) {
    accept(bench, &job(&here(), "j1", "mail", 0)).await;
    let jobs = bench.store.jobs();
    assert_eq!(jobs.retry(&here(), &jid("j1"), at(1)).await.expect_err("queued").code(), Code::Conflict);
    claim(bench, 0, 1).await;
    assert_eq!(jobs.delete(&here(), &jid("j1")).await.expect_err("running").code(), Code::Conflict);
    assert_eq!(jobs.retry(&here(), &jid("j1"), at(1)).await.expect_err("running").code(), Code::Conflict);
    let dead = finish(bench, "j1", 1, 2, Ended::Refused(failure("gone"))).await.expect("finishes");
    assert_eq!((dead.status, dead.reason), (JobStatus::Dead, Some(DeadReason::Refused)));
    assert_eq!(claim(bench, 1_000_000_000_000, 1).await, Claimed::default(), "nobody looks at it any more");

    for other in [scope("acme", "staging"), scope("evil", "prod")] {
        for fault in [
            jobs.get(&other, &jid("j1")).await.map(drop),
            jobs.retry(&other, &jid("j1"), at(3)).await.map(drop),
            jobs.delete(&other, &jid("j1")).await,
        ] {
            assert_eq!(fault.expect_err("hidden").code(), Code::NotFound, "{other}");
        }
        assert!(ids(bench, &other, &JobFilter::default()).await.is_empty());
    }

    let again = jobs.retry(&here(), &jid("j1"), at(3)).await.expect("retries");
    assert_eq!((again.status, again.attempt, again.due_at), (JobStatus::Queued, 0, Some(at(3))));
    assert_eq!(begun(&claim(bench, 3, 1).await), ["j1"]);
    finish(bench, "j1", 2, 4, Ended::Refused(failure("gone"))).await.expect("finishes");
    jobs.delete(&here(), &jid("j1")).await.expect("deletes");
    assert_eq!(jobs.get(&here(), &jid("j1")).await.expect_err("gone").code(), Code::NotFound);
    assert_eq!(jobs.delete(&here(), &jid("j1")).await.expect_err("gone").code(), Code::NotFound);
}

pub(crate) async fn jobs_are_listed_newest_first_by_status_function_and_names(bench: &Bench) {
    for (id, of, created) in [("a", "mail", 1), ("b", "bill_x", 2), ("c", "mail", 3), ("d", "billing", 3)] {
        accept(bench, &job(&here(), id, of, created)).await;
    }
    let all = JobFilter::default();
    assert_eq!(ids(bench, &here(), &all).await, ["d", "c", "b", "a"]);
    let mut request = PageRequest::new(1, None).expect("valid");
    let mut paged = Vec::new();
    loop {
        let page = bench.store.jobs().list(&here(), &all, &request).await.expect("lists");
        paged.extend(page.items.iter().map(|job| job.order.id.to_string()));
        let Some(cursor) = page.next_cursor else { break };
        request = request.after(cursor);
    }
    assert_eq!(paged, ["d", "c", "b", "a"]);

    assert_eq!(claim(bench, 1, 1).await.begun.len(), 1);
    finish(bench, "a", 1, 2, Ended::Succeeded { output: None }).await.expect("finishes");
    let with = |status, function: Option<&str>, names: &[&str]| JobFilter {
        status,
        function: function.map(|of| crate::fixture::function(&here(), of).id),
        names: match names {
            [] => Names::All,
            names => Names::of(names.iter().map(|name| Pattern::parse(name).expect("valid"))),
        },
    };
    let queued = Some(JobStatus::Queued);
    for (filter, expected) in [
        (with(Some(JobStatus::Succeeded), None, &[]), vec!["a"]),
        (with(queued, None, &[]), vec!["d", "c", "b"]),
        (with(Some(JobStatus::Dead), None, &[]), vec![]),
        (with(None, Some("mail"), &[]), vec!["c", "a"]),
        (with(queued, Some("mail"), &[]), vec!["c"]),
        (with(None, None, &["bill*"]), vec!["d", "b"]),
        (with(queued, None, &["bill_*", "mail"]), vec!["c", "b"]),
        (with(queued, Some("mail"), &["bill*"]), vec![]),
        (JobFilter { names: Names::of([]), ..JobFilter::default() }, vec![]),
    ] {
        assert_eq!(ids(bench, &here(), &filter).await, expected, "{filter:?}");
    }
    let forged = PageRequest::default().after("bm9qc29u".into());
    let fault = bench.store.jobs().list(&here(), &all, &forged).await.expect_err("forged");
    assert_eq!(fault.code(), Code::InvalidArgument);
}

pub(crate) async fn open_and_waiting_jobs_are_counted_and_old_ended_ones_pruned(bench: &Bench) {
    let jobs = bench.store.jobs();
    let open = async |tenant: &str, most| {
        jobs.open(&bench.system, &scope(tenant, "prod").tenant, most).await.expect("counts")
    };
    assert_eq!(jobs.waiting(&bench.system, at(0)).await.expect("counts"), Waiting::default());
    for (id, created) in [("a", 10), ("b", 20), ("c", 30), ("d", 40)] {
        accept(bench, &job(&here(), id, "mail", created)).await;
    }
    accept(bench, &job(&scope("acme", "staging"), "e", "mail", 50)).await;
    accept(bench, &job(&scope("evil", "prod"), "f", "mail", 60)).await;
    assert_eq!((open("acme", 100).await, open("acme", 3).await, open("evil", 100).await), (5, 3, 1));
    let waiting = jobs.waiting(&bench.system, at(25)).await.expect("counts");
    assert_eq!(waiting, Waiting { due: 2, oldest_due: Some(at(10)) });

    assert_eq!(claim(bench, 35, 9).await.begun.len(), 3);
    for (id, ended) in [("a", 100), ("b", 200), ("c", 300)] {
        finish(bench, id, 1, ended, Ended::Refused(failure("x"))).await.expect("finishes");
    }
    assert_eq!(open("acme", 100).await, 2);
    let prune = async |before, most| jobs.prune(&bench.system, at(before), most).await.expect("prunes");
    assert_eq!((prune(100, 10).await, prune(1_000, 1).await), (0, 1));
    assert_eq!(ids(bench, &here(), &JobFilter::default()).await, ["d", "c", "b"]);
    assert_eq!((prune(300, 10).await, prune(1_000_000, 10).await), (1, 1));
    assert_eq!(ids(bench, &here(), &JobFilter::default()).await, ["d"], "what is open stays");
}

pub(crate) async fn what_is_gone_is_forgotten_with_its_jobs_and_runs_and_nothing_else(bench: &Bench) {
    let (ours, staging, theirs) = (here(), scope("acme", "staging"), scope("evil", "prod"));
    for (number, scope) in [&ours, &ours, &staging, &theirs].into_iter().enumerate() {
        accept(bench, &job(scope, &format!("j{number}"), "mail", 1)).await;
        let run = run(&function(scope, "mail"), &format!("r{number}"), 1);
        let record = RunRecord { run, lines: vec![line(1, "text")] };
        bench.store.runs().insert_batch(&bench.system, vec![record].into()).await.expect("inserts");
    }
    let left = async || {
        let mut left = Vec::new();
        for scope in [&ours, &staging, &theirs] {
            let runs = bench.store.runs().list(scope, &RunFilter::default(), &PageRequest::default()).await;
            let lines = bench.store.logs().tail(scope, &function(scope, "mail").id, 9).await.expect("reads");
            let runs = runs.expect("lists").items.len();
            assert_eq!(lines.lines.len(), runs, "lines go with their runs");
            left.push((ids(bench, scope, &JobFilter::default()).await.len(), runs));
        }
        left
    };
    let forget = async |scope: &Scope, whole: bool, most| {
        let namespace = (!whole).then_some(&scope.namespace);
        let jobs = bench.store.jobs().forget(&bench.system, &scope.tenant, namespace, most).await;
        let runs = bench.store.runs().forget(&bench.system, &scope.tenant, namespace, most).await;
        (jobs.expect("forgets"), runs.expect("forgets"))
    };
    assert_eq!(forget(&ours, false, 1).await, (1, 1));
    assert_eq!(left().await, [(1, 1), (1, 1), (1, 1)]);
    assert_eq!(forget(&ours, false, 100).await, (1, 1));
    assert_eq!(left().await, [(0, 0), (1, 1), (1, 1)]);
    assert_eq!(forget(&ours, true, 100).await, (1, 1));
    assert_eq!(left().await, [(0, 0), (0, 0), (1, 1)]);
}
