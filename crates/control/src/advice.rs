//! What to do about a runtime that the host lacks.

use nova_domain::runtime::{InstalledRuntime, Runtime, RuntimeRef};
use nova_domain::{Code, Fault, FaultResult};

/// How to get a runtime on Debian; `None` for executables, which need nothing.
pub const fn install(runtime: Runtime) -> Option<&'static str> {
    match runtime {
        Runtime::Python => Some("apt-get install python3"),
        Runtime::Node => Some("apt-get install nodejs"),
        Runtime::Ruby => Some("apt-get install ruby"),
        Runtime::Go => Some("apt-get install golang-go"),
        Runtime::Rust => Some("apt-get install rustc"),
        Runtime::Executable => None,
    }
}

/// Checks that the host has what `wish` needs; otherwise [`Code::MissingOnHost`] with what to install.
pub fn require(found: &[InstalledRuntime], wish: &RuntimeRef) -> FaultResult<()> {
    let Some(install) = install(wish.runtime) else { return Ok(()) };
    let mut others = Vec::new();
    for one in found.iter().filter(|one| one.runtime == wish.runtime) {
        let fits = wish.version.as_deref().is_none_or(|version| {
            one.version.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        if fits {
            return Ok(());
        }
        others.push(one.version.as_str());
    }
    let message = if others.is_empty() {
        format!("runtime `{wish}` is not on this host; install it with `{install}` and restart Nova")
    } else {
        let have = others.join(", ");
        format!("this host has {} {have}, but not `{wish}`; install it, or use one of those", wish.runtime)
    };
    Err(Fault::new(Code::MissingOnHost, message).with_field("runtime", "not on this host"))
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
        let host = [python("3.11.2")];
        for good in ["python", "python3", "python3.11", "python3.11.2"] {
            assert!(require(&host, &wish(good)).is_ok(), "{good}");
        }
        for bad in ["python3.1", "python3.12", "python2"] {
            let fault = require(&host, &wish(bad)).expect_err(bad);
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
