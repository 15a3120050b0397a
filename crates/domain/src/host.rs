//! What a host has to run functions with, and what to do about what it lacks. The words
//! for that are here once: control says them when a function is declared, comet when it is
//! called and the interpreter is gone meanwhile.

use crate::fault::{Code, Fault, FaultResult};
use crate::runtime::{InstalledRuntime, Runtime, RuntimeRef};

/// How to get a runtime on Debian; `None` for what needs nothing on the host.
pub const fn install(runtime: Runtime) -> Option<&'static str> {
    match runtime {
        Runtime::Python => Some("apt-get install python3"),
        Runtime::Node => Some("apt-get install nodejs"),
        Runtime::Ruby => Some("apt-get install ruby"),
        Runtime::Go => Some("apt-get install golang-go"),
        Runtime::Rust => Some("apt-get install rustc"),
        Runtime::Executable | Runtime::Provided => None,
    }
}

impl InstalledRuntime {
    /// Whether it is what was wished for. A version is a prefix of whole numbers: `3.1` does
    /// not mean 3.11.
    pub fn fits(&self, wish: &RuntimeRef) -> bool {
        self.runtime == wish.runtime
            && wish.version.as_deref().is_none_or(|version| {
                self.version
                    .strip_prefix(version)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
    }
}

/// The first of `found` that fits the wish; otherwise [`Code::MissingOnHost`] with what to install.
pub fn find<'f>(found: &'f [InstalledRuntime], wish: &RuntimeRef) -> FaultResult<&'f InstalledRuntime> {
    found.iter().find(|one| one.fits(wish)).ok_or_else(|| missing(found, wish))
}

/// Checks that the host has what `wish` needs, which may be nothing.
pub fn require(found: &[InstalledRuntime], wish: &RuntimeRef) -> FaultResult<()> {
    if install(wish.runtime).is_none() { Ok(()) } else { find(found, wish).map(drop) }
}

fn missing(found: &[InstalledRuntime], wish: &RuntimeRef) -> Fault {
    let others: Vec<_> =
        found.iter().filter(|one| one.runtime == wish.runtime).map(|one| one.version.as_str()).collect();
    let message = match (others.is_empty(), install(wish.runtime)) {
        (true, Some(install)) => {
            format!("runtime `{wish}` is not on this host; install it with `{install}` and restart Nova")
        }
        (true, None) => format!("runtime `{wish}` is nothing that a host has installed"),
        (false, _) => {
            let have = others.join(", ");
            format!(
                "this host has {} {have}, but not `{wish}`; install it, or use one of those",
                wish.runtime
            )
        }
    };
    Fault::new(Code::MissingOnHost, message).with_field("runtime", "not on this host")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(version: &str) -> InstalledRuntime {
        InstalledRuntime {
            runtime: Runtime::Python,
            version: version.to_owned(),
            path: "/usr/bin/python3".to_owned(),
            root: None,
        }
    }

    fn wish(text: &str) -> RuntimeRef {
        RuntimeRef::parse(text).expect("known")
    }

    #[test]
    fn a_version_wish_is_a_prefix_of_whole_numbers() {
        let host = [python("3.11.2"), python("3.1.4")];
        for (good, found) in
            [("python", "3.11.2"), ("python3", "3.11.2"), ("python3.1", "3.1.4"), ("python3.11.2", "3.11.2")]
        {
            assert_eq!(find(&host, &wish(good)).expect(good).version, found);
        }
        for bad in ["python3.12", "python2", "python3.11.20"] {
            let fault = require(&host, &wish(bad)).expect_err(bad);
            assert_eq!(fault.code(), Code::MissingOnHost);
            assert!(fault.message().contains("3.11.2"), "{}", fault.message());
        }
    }

    #[test]
    fn a_missing_runtime_says_what_to_install() {
        let fault = require(&[], &wish("ruby")).expect_err("not there");
        assert_eq!(fault.code(), Code::MissingOnHost);
        assert!(fault.message().contains("apt-get install ruby"));
        assert!(require(&[], &wish("executable")).is_ok());
    }
}
