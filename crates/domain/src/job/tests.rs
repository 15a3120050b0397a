use proptest::prelude::*;

use super::*;
use crate::call::Qualifier;
use crate::name::FunctionName;

const SECOND: i64 = 1_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn run() -> RunId {
    RunId::new("01R").expect("valid")
}

fn job(retry: RetrySettings) -> Job {
    Job::new(JobOrder {
        id: JobId::new("01J").expect("valid"),
        scope: Scope::default_scope(),
        function: FunctionId::new("01F").expect("valid"),
        target: FunctionRef { name: FunctionName::new("mail").expect("valid"), qualifier: Qualifier::Active },
        retry,
        chain: CallChain::default(),
        trace: TraceContext::default(),
        caller: None,
        client_context: None,
        idempotency_key: None,
        payload_size: 2,
        created_at: at(0),
    })
}

fn error() -> FunctionError {
    FunctionError::of_fault(&Fault::invalid("broken"))
}

fn steady(max_attempts: u32) -> RetrySettings {
    RetrySettings { max_attempts, ..RetrySettings::default() }
}

/// Claims with a lease of 15 s and no spread.
fn claim(job: &mut Job, now: i64) -> bool {
    job.claim(at(now), at(now + 15 * SECOND), run(), 0.5)
}

fn finish(job: &mut Job, now: i64, ended: Ended) {
    job.finish(at(now), job.fence, ended, 0.5).expect("the newest attempt");
}

#[test]
fn a_job_that_fails_is_tried_again_after_doubled_waits_and_dies_after_the_last_attempt() {
    let mut job = job(steady(3));
    let mut now = 0;
    for wait in [SECOND, 2 * SECOND] {
        assert!(claim(&mut job, now));
        finish(&mut job, now, Ended::Failed(error()));
        assert_eq!((job.status, job.due_at), (JobStatus::Queued, Some(at(now + wait))));
        assert!(!claim(&mut job, now + wait - 1), "not before it is due");
        now += wait;
    }
    assert!(claim(&mut job, now));
    finish(&mut job, now, Ended::Failed(error()));
    assert_eq!((job.status, job.reason), (JobStatus::Dead, Some(DeadReason::AttemptsUsedUp)));
    assert_eq!((job.due_at, job.ended_at, job.attempts.len()), (None, Some(at(now)), 3));
    assert_eq!(job.last_error().expect("kept").message, "broken");
}

#[test]
fn an_attempt_whose_server_went_away_counts_and_is_made_again() {
    let mut job = job(steady(2));
    assert!(claim(&mut job, 0));
    assert!(!claim(&mut job, 15 * SECOND - 1), "its lease is not over");
    assert!(!claim(&mut job, 15 * SECOND), "it waits like after any failure");
    assert_eq!((job.status, job.due_at), (JobStatus::Queued, Some(at(16 * SECOND))));
    assert_eq!(job.last_error().expect("said").error_type, "attempt_lost");
    assert!(claim(&mut job, 16 * SECOND));
    assert!(!claim(&mut job, 31 * SECOND));
    assert_eq!((job.status, job.reason), (JobStatus::Dead, Some(DeadReason::AttemptsUsedUp)));
}

#[test]
fn what_a_late_attempt_tells_is_refused() {
    let mut job = job(steady(3));
    assert!(claim(&mut job, 0));
    let late = job.fence;
    assert!(!claim(&mut job, 15 * SECOND));
    assert!(claim(&mut job, 16 * SECOND));
    let before = job.clone();
    let fault = job.finish(at(17 * SECOND), late, Ended::Succeeded { output: None }, 0.5);
    assert_eq!(fault.expect_err("late").code(), Code::Conflict);
    assert_eq!(job, before);
    finish(&mut job, 17 * SECOND, Ended::Succeeded { output: Some("1".to_owned()) });
    let again = job.finish(at(18 * SECOND), job.fence, Ended::Failed(error()), 0.5);
    assert_eq!((again.expect_err("over").code(), job.status), (Code::Conflict, JobStatus::Succeeded));
}

#[test]
fn an_attempt_that_did_not_reach_the_function_does_not_count_but_waits_longer_each_time() {
    let mut job = job(steady(1));
    let mut now = 0;
    let busy = |after| Ended::Postponed { error: error(), retry_after: after };
    for wait in [SECOND, 2 * SECOND, 4 * SECOND] {
        assert!(claim(&mut job, now));
        finish(&mut job, now, busy(None));
        assert_eq!((job.attempt, job.due_at), (0, Some(at(now + wait))));
        now += wait;
    }
    assert!(claim(&mut job, now));
    finish(&mut job, now, busy(Some(Duration::from_secs(90))));
    assert_eq!(job.due_at, Some(at(now + 90 * SECOND)), "as long as it was asked to");
    assert!(job.attempts.iter().all(|attempt| attempt.postponed));
}

#[test]
fn a_job_that_is_too_old_is_not_begun_any_more() {
    let mut job = job(RetrySettings { max_age_s: 60, ..steady(3) });
    assert!(!claim(&mut job, 61 * SECOND));
    assert_eq!((job.status, job.reason), (JobStatus::Dead, Some(DeadReason::Expired)));
}

#[test]
fn a_job_whose_next_attempt_would_be_too_late_is_dead_as_soon_as_it_is_too_old() {
    let mut job = job(RetrySettings { max_age_s: 60, ..steady(3) });
    assert!(claim(&mut job, 0));
    let later = Ended::Postponed { error: error(), retry_after: Some(Duration::from_secs(3600)) };
    finish(&mut job, SECOND, later);
    assert!(!claim(&mut job, 60 * SECOND));
    assert_eq!(job.status, JobStatus::Queued);
    assert!(!claim(&mut job, 60 * SECOND + 1));
    assert_eq!((job.status, job.reason), (JobStatus::Dead, Some(DeadReason::Expired)));
    assert_eq!(job.last_error().expect("kept").message, "broken");
}

#[test]
fn a_dead_job_is_retried_with_all_its_attempts_and_only_a_dead_one() {
    let mut job = job(RetrySettings { max_age_s: 60, ..steady(1) });
    assert_eq!(job.retry(at(0)).expect_err("queued").code(), Code::Conflict);
    assert!(claim(&mut job, 0));
    assert_eq!(job.check_deletable().expect_err("running").code(), Code::Conflict);
    finish(&mut job, 0, Ended::Refused(error()));
    assert_eq!(job.reason, Some(DeadReason::Refused));
    job.retry(at(100 * SECOND)).expect("dead");
    assert!(claim(&mut job, 100 * SECOND), "its age begins anew");
    assert_eq!((job.attempt, job.fence, job.attempts.len()), (1, 2, 2));
}

#[test]
fn what_an_invoker_says_decides_between_again_later_and_never() {
    let said = |code| Ended::of(&Err(Fault::new(code, "why")));
    for code in Code::ALL {
        let ended = said(*code);
        match code {
            Code::SandboxLost | Code::Internal => assert!(matches!(ended, Ended::Failed(_)), "{code}"),
            Code::Conflict | Code::MissingOnHost => {
                assert!(matches!(ended, Ended::Postponed { .. }), "{code}");
            }
            code if code.retryable() => assert!(matches!(ended, Ended::Postponed { .. }), "{code}"),
            _ => assert!(matches!(ended, Ended::Refused(_)), "{code}"),
        }
    }
}

#[test]
fn retry_settings_out_of_bounds_are_refused_by_name() {
    let bad = [
        RetrySettings { max_attempts: 0, ..RetrySettings::default() },
        RetrySettings { max_attempts: 21, ..RetrySettings::default() },
        RetrySettings { backoff_base_ms: 3_600_001, backoff_max_ms: 86_400_000, ..RetrySettings::default() },
        RetrySettings { backoff_base_ms: 2, backoff_max_ms: 1, ..RetrySettings::default() },
        RetrySettings { max_age_s: 0, ..RetrySettings::default() },
    ];
    for (settings, field) in bad.into_iter().zip([
        "max_attempts",
        "max_attempts",
        "backoff_base_ms",
        "backoff_max_ms",
        "max_age_s",
    ]) {
        assert_eq!(settings.validated().expect_err("refused").fields()[0].0, field);
    }
    assert!(RetrySettings::default().validated().is_ok());
}

#[test]
fn an_idempotency_key_is_short_and_printable() {
    for bad in ["", "a\nb", "ä", &"x".repeat(257)] {
        assert!(check_idempotency_key(bad).is_err(), "{bad:?}");
    }
    assert!(check_idempotency_key("order 17/a").is_ok());
}

#[derive(Debug, Clone)]
enum Event {
    Pass(i64),
    Claim,
    /// With the newest fence, or one of before.
    Finish(u64, u8),
    Retry,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..40_000_000i64).prop_map(Event::Pass),
        Just(Event::Claim),
        (0..3u64, 0..4u8).prop_map(|(back, how)| Event::Finish(back, how)),
        Just(Event::Retry),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_no_attempt_is_made_beyond_the_last_and_no_late_one_counts(
        events in proptest::collection::vec(event(), 0..200),
        max_attempts in 1u32..5,
        chance in 0.0f64..1.0,
    ) {
        let mut job = job(RetrySettings { max_attempts, max_age_s: 300, ..RetrySettings::default() });
        let mut now = 0;
        for event in events {
            let before = job.clone();
            match event {
                Event::Pass(micros) => now += micros,
                Event::Claim => {
                    let begun = job.claim(at(now), at(now + 15 * SECOND), run(), chance);
                    prop_assert_eq!(begun, job.fence > before.fence);
                    prop_assert!(!begun || before.status == JobStatus::Queued);
                    prop_assert!(!begun || job.status == JobStatus::Running);
                    prop_assert!(!begun || now - before.since.as_micros() <= 300 * SECOND);
                }
                Event::Finish(back, how) => {
                    let ended = match how {
                        0 => Ended::Succeeded { output: None },
                        1 => Ended::Failed(error()),
                        2 => Ended::Refused(error()),
                        _ => Ended::Postponed { error: error(), retry_after: None },
                    };
                    let taken = job.finish(at(now), job.fence.saturating_sub(back), ended, chance);
                    if taken.is_err() {
                        prop_assert_eq!(&job, &before);
                    } else {
                        prop_assert!(back == 0 || before.fence == 0);
                        prop_assert_eq!(before.status, JobStatus::Running);
                        prop_assert_ne!(job.status, JobStatus::Running);
                    }
                }
                Event::Retry => prop_assert_eq!(job.retry(at(now)).is_ok(), before.status == JobStatus::Dead),
            }
            prop_assert!(job.attempt <= max_attempts);
            prop_assert!(job.attempts.len() <= ATTEMPTS_KEPT);
            let open = matches!(job.status, JobStatus::Queued | JobStatus::Running);
            prop_assert_eq!(job.due_at.is_some(), open);
            prop_assert_eq!(job.ended_at.is_some(), !open);
            prop_assert_eq!(job.reason.is_some(), job.status == JobStatus::Dead);
        }
    }

    #[test]
    fn waits_grow_stay_below_the_longest_and_differ_by_a_quarter_at_most(
        base in 0u64..3_600_000,
        more in 0u64..80_000_000,
        failures in 1u32..100,
        chance in 0.0f64..=1.0,
    ) {
        let max = base + more;
        let retry = RetrySettings { backoff_base_ms: base, backoff_max_ms: max, ..RetrySettings::default() };
        let wait = retry.backoff(failures, chance).as_millis() as f64;
        prop_assert!(wait <= max as f64 * 1.25);
        prop_assert!(retry.backoff(failures, 0.5) <= retry.backoff(failures + 1, 0.5));
        let middle = retry.backoff(failures, 0.5).as_millis() as f64;
        prop_assert!((wait - middle).abs() <= middle * 0.25 + 1.0);
    }
}
