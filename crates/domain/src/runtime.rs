//! Languages that functions may be written in, and how each is run.

use serde::{Deserialize, Serialize};

use crate::fault::{Code, Fault};

macro_rules! runtimes {
    ($($(#[$doc:meta])* $variant:ident => $text:literal;)*) => {
        /// What a function is written in. An API value may carry a version after the
        /// name (`python3.11`, `node22`): see [`RuntimeRef`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Runtime { $($(#[$doc])* $variant,)* }

        impl Runtime {
            /// Every runtime there is.
            pub const ALL: &'static [Runtime] = &[$(Runtime::$variant,)*];

            /// The name in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Runtime::$variant => $text,)* }
            }
        }
    };
}

runtimes! {
    /// CPython 3, interpreted, `handler(event, context)`.
    Python => "python";
    /// Node.js, interpreted, CommonJS or ES module.
    Node => "node";
    /// Ruby (MRI), interpreted.
    Ruby => "ruby";
    /// Go source, built by the host's toolchain into an executable.
    Go => "go";
    /// Rust source, built by the host's toolchain into an executable.
    Rust => "rust";
    /// A ready executable for this host.
    Executable => "executable";
    /// A ready executable that stays up and fetches its calls from the AWS Lambda Runtime API.
    Provided => "provided";
}

impl Runtime {
    /// Whether source must be built before it can run.
    pub const fn is_compiled(self) -> bool {
        matches!(self, Runtime::Go | Runtime::Rust)
    }

    /// Whether a ready executable is deployed, for which the host needs nothing.
    pub const fn is_executable(self) -> bool {
        matches!(self, Runtime::Executable | Runtime::Provided)
    }

    /// Whether an interpreter with a shim runs it.
    pub const fn is_interpreted(self) -> bool {
        matches!(self, Runtime::Python | Runtime::Node | Runtime::Ruby)
    }
}

impl std::fmt::Display for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A runtime with an optional version wish, as users write it: `python`, `python3.11`, `node22`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuntimeRef {
    pub runtime: Runtime,
    /// Version prefix that an interpreter must have (`3.11` matches 3.11.2), or any if `None`.
    pub version: Option<String>,
}

impl RuntimeRef {
    /// Parses `name` or `name<version>`; aliases `nodejs`, `golang`, `custom`, `provided.al2023` are known.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let split = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let (name, version) = text.split_at(split);
        let name = name.trim_end_matches(['-', ':', '@']);
        let runtime = match name {
            "python" => Runtime::Python,
            "node" | "nodejs" => Runtime::Node,
            "ruby" => Runtime::Ruby,
            "go" | "golang" => Runtime::Go,
            "rust" => Runtime::Rust,
            "executable" | "custom" | "binary" => Runtime::Executable,
            // AWS names an operating system after it (`provided.al2023`), which here is the host's.
            "provided" | "provided.al" => return Ok(Runtime::Provided.into()),
            _ => {
                let known: Vec<_> = Runtime::ALL.iter().map(|r| r.as_str()).collect();
                let shown: String = text.chars().take(40).collect();
                return Err(Fault::new(
                    Code::InvalidArgument,
                    format!("runtime `{shown}` is not known; use one of {}", known.join(", ")),
                ));
            }
        };
        // AWS names carry a trailing `.x` (`nodejs22.x`).
        let version = version.trim_end_matches(".x");
        let ok = version.len() <= 16 && version.chars().all(|c| c.is_ascii_digit() || c == '.');
        if !ok {
            return Err(Fault::invalid(format!("`{version}` is not a version of runtime `{runtime}`")));
        }
        Ok(Self { runtime, version: (!version.is_empty()).then(|| version.to_owned()) })
    }
}

impl From<Runtime> for RuntimeRef {
    fn from(runtime: Runtime) -> Self {
        Self { runtime, version: None }
    }
}

impl std::fmt::Display for RuntimeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.runtime, self.version.as_deref().unwrap_or(""))
    }
}

impl TryFrom<String> for RuntimeRef {
    type Error = Fault;
    fn try_from(value: String) -> Result<Self, Fault> {
        Self::parse(&value)
    }
}

impl From<RuntimeRef> for String {
    fn from(value: RuntimeRef) -> String {
        value.to_string()
    }
}

/// One interpreter or toolchain found on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledRuntime {
    pub runtime: Runtime,
    /// Full version as the program prints it, e.g. `3.11.2`.
    pub version: String,
    /// Absolute path of the interpreter or compiler on the host.
    pub path: String,
    /// Directory tree outside `/usr` that must be visible in a sandbox for it to work, if any.
    pub root: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_references_parse_with_and_without_versions() {
        let parsed = RuntimeRef::parse("python3.11").expect("known");
        assert_eq!((parsed.runtime, parsed.version.as_deref()), (Runtime::Python, Some("3.11")));
        assert_eq!(RuntimeRef::parse("nodejs22.x").expect("known").version.as_deref(), Some("22"));
        assert_eq!(RuntimeRef::parse("go").expect("known").version, None);
        for provided in ["provided", "provided.al2", "provided.al2023"] {
            assert_eq!(RuntimeRef::parse(provided).expect("known"), Runtime::Provided.into(), "{provided}");
        }
    }

    #[test]
    fn an_unknown_runtime_is_refused_with_the_list_of_known_ones() {
        let fault = RuntimeRef::parse("cobol").expect_err("unknown");
        assert!(fault.message().contains("cobol") && fault.message().contains("python"));
    }
}
