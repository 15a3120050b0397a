//! The proof that the sandbox holds, and the tests of comet's pool and invoke path.
//!
//! This program is its own keeper: the keeper must run in a process with one thread, so
//! `it keeper CONFIG` is that process and everything else is the tests, which start it.
//! No libtest harness for that reason.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

mod ahead;
mod conformance;
mod faults;
mod orphans;
mod pace;
mod pool;
mod process;
mod quota;
mod rootless;
mod signals;
mod streaming;
mod support;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, config] = &arguments[..]
        && role == "keeper"
    {
        return support::keeper::run(config);
    }
    let mut arguments = Arguments::from_args();
    // Two cores, and sandboxes that use up what they get.
    arguments.test_threads = Some(arguments.test_threads.unwrap_or(2).min(2));
    let mut trials = conformance::suite("process", process::stage);
    trials.extend(pool::trials());
    trials.extend(quota::trials());
    trials.extend(ahead::trials());
    trials.extend(streaming::trials(process::stage));
    trials.extend(signals::trials(process::stage));
    trials.extend(faults::trials());
    trials.extend(orphans::trials());
    trials.extend(pace::trials());
    trials.extend(rootless::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    support::keeper::end_all();
    conclusion.exit_code()
}
