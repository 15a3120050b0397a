//! What handler, mode and entry file follow from what a user gave. Pure.

use std::collections::BTreeMap;

use nova_domain::function::{Mode, default_handler, validate_handler, validate_lambda_handler};
use nova_domain::runtime::Runtime;
use nova_domain::{Fault, FaultResult};

/// How the code is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) mode: Mode,
    pub(crate) handler: Option<String>,
}

impl Start {
    /// The handler, where it names a file of the code.
    fn file_handler(&self) -> Option<&str> {
        self.handler.as_deref().filter(|_| self.mode == Mode::Handler)
    }
}

/// Mode and handler out of what was given. An interpreted function without handler and mode is
/// a script, one with a handler is not; compiled ones and executables are processes.
pub(crate) fn start(runtime: Runtime, handler: Option<String>, mode: Option<Mode>) -> FaultResult<Start> {
    if runtime == Runtime::Provided {
        if mode.is_some_and(|mode| mode != Mode::Lambda) {
            return Err(Fault::invalid("runtime `provided` runs in mode `lambda`")
                .with_field("mode", "must be `lambda`, or absent"));
        }
        handler.as_deref().map_or(Ok(()), validate_lambda_handler)?;
        return Ok(Start { mode: Mode::Lambda, handler });
    }
    if !runtime.is_interpreted() {
        if let Some(mode @ (Mode::Handler | Mode::Script | Mode::Lambda)) = mode {
            return Err(Fault::invalid(format!("runtime `{runtime}` runs executables, not mode {mode:?}"))
                .with_field("mode", "must be `process`, or absent"));
        }
        if handler.is_some() {
            return Err(Fault::invalid(format!(
                "runtime `{runtime}` runs an executable and has no handlers"
            ))
            .with_field("handler", "leave it out"));
        }
        return Ok(Start { mode: Mode::Process, handler: None });
    }
    let mode = mode.unwrap_or(if handler.is_some() { Mode::Handler } else { Mode::Script });
    match (mode, handler) {
        (Mode::Handler, handler) => {
            let handler = handler.or_else(|| default_handler(runtime).map(str::to_owned)).unwrap_or_default();
            validate_handler(&handler)?;
            Ok(Start { mode, handler: Some(handler) })
        }
        (Mode::Script, None) => Ok(Start { mode, handler: None }),
        (Mode::Script, Some(_)) => Err(Fault::invalid("a script has no handler")
            .with_field("handler", "leave it out, or use mode `handler`")),
        (Mode::Process | Mode::Lambda, _) => {
            Err(Fault::invalid(format!("runtime `{runtime}` is interpreted: use mode `handler` or `script`"))
                .with_field("mode", "must be `handler` or `script`"))
        }
    }
}

/// File name endings of a runtime's source, most usual first.
const fn endings(runtime: Runtime) -> &'static [&'static str] {
    match runtime {
        Runtime::Python => &[".py"],
        Runtime::Node => &[".js", ".mjs", ".cjs"],
        Runtime::Ruby => &[".rb"],
        Runtime::Go => &[".go"],
        Runtime::Rust => &[".rs"],
        Runtime::Executable | Runtime::Provided => &[""],
    }
}

/// Name of the entry file when the code is one text.
pub(crate) fn inline_entry(runtime: Runtime, start: &Start) -> String {
    match start.file_handler() {
        Some(handler) => handler_files(runtime, handler).swap_remove(0),
        None if runtime.is_executable() => "bootstrap".to_owned(),
        None => format!("main{}", endings(runtime)[0]),
    }
}

/// Files that may hold the handler, most usual first.
fn handler_files(runtime: Runtime, handler: &str) -> Vec<String> {
    let (module, _) = handler.rsplit_once('.').unwrap_or((handler, ""));
    let mut modules = vec![module.to_owned()];
    if runtime == Runtime::Python && module.contains('.') {
        // A package path: `pkg.mod.fn`.
        modules.insert(0, module.replace('.', "/"));
    }
    let mut files = Vec::new();
    for module in &modules {
        files.extend(endings(runtime).iter().map(|ending| format!("{module}{ending}")));
    }
    for module in &modules {
        match runtime {
            Runtime::Python => files.push(format!("{module}/__init__.py")),
            Runtime::Node => {
                files.extend(endings(runtime).iter().map(|ending| format!("{module}/index{ending}")));
            }
            _ => {}
        }
    }
    files
}

/// Files that are usually the entry of a program.
fn program_files(runtime: Runtime) -> Vec<String> {
    let stems: &[&str] = match runtime {
        Runtime::Executable | Runtime::Provided => &["bootstrap", "main", "handler", "function"],
        Runtime::Rust => &["main", "src/main"],
        _ => &["main", "handler", "index", "app"],
    };
    let mut files = Vec::new();
    for stem in stems {
        files.extend(endings(runtime).iter().map(|ending| format!("{stem}{ending}")));
    }
    files
}

/// The entry file out of what there is: the one that was asked for, the handler's, a usual name,
/// or the only source file. The fault names what was looked for.
pub(crate) fn find_entry<V>(
    runtime: Runtime,
    start: &Start,
    wish: Option<&str>,
    files: &BTreeMap<String, V>,
) -> FaultResult<String> {
    let refuse =
        |message: String| Err(Fault::invalid(message).with_field("entry", "no such file in the code"));
    if let Some(wish) = wish {
        let wish = wish.strip_prefix("./").unwrap_or(wish);
        if files.contains_key(wish) {
            return Ok(wish.to_owned());
        }
        return refuse(format!("entry file {:?} is not in the code; it has {}", cut(wish), some_of(files)));
    }
    let usual = match start.file_handler() {
        Some(handler) => handler_files(runtime, handler),
        None => program_files(runtime),
    };
    if let Some(found) = usual.iter().find(|name| files.contains_key(*name)) {
        return Ok(found.clone());
    }
    if let Some(handler) = start.file_handler() {
        return Err(Fault::invalid(format!(
            "handler `{handler}` needs the file {}, which is not in the code; it has {}",
            usual[0],
            some_of(files)
        ))
        .with_field("handler", format!("no file {}", usual[0])));
    }
    let mut sources =
        files.keys().filter(|name| endings(runtime).iter().any(|ending| name.ends_with(ending)));
    match (sources.next(), sources.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => refuse(format!(
            "which file is to be started? None is called {}; name it as `entry`. The code has {}",
            usual[0],
            some_of(files)
        )),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The first few names, for messages.
fn some_of<V>(files: &BTreeMap<String, V>) -> String {
    let mut names: Vec<_> = files.keys().take(5).map(|name| cut(name)).collect();
    if files.len() > names.len() {
        names.push(format!("{} more", files.len() - names.len()));
    }
    if names.is_empty() { "no files".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> BTreeMap<String, ()> {
        names.iter().map(|name| ((*name).to_owned(), ())).collect()
    }

    fn started(runtime: Runtime, handler: Option<&str>) -> Start {
        start(runtime, handler.map(str::to_owned), None).expect("valid")
    }

    fn entry(runtime: Runtime, handler: Option<&str>, names: &[&str]) -> FaultResult<String> {
        find_entry(runtime, &started(runtime, handler), None, &files(names))
    }

    #[test]
    fn no_handler_means_a_script_and_a_handler_means_a_handler() {
        assert_eq!(started(Runtime::Python, None).mode, Mode::Script);
        assert_eq!(started(Runtime::Ruby, Some("main.run")).mode, Mode::Handler);
        assert_eq!(started(Runtime::Go, None).mode, Mode::Process);
        let lambda = started(Runtime::Provided, Some("hello.handler"));
        assert_eq!((lambda.mode, lambda.handler.as_deref()), (Mode::Lambda, Some("hello.handler")));
        let default = start(Runtime::Node, None, Some(Mode::Handler)).expect("valid");
        assert_eq!(default.handler.as_deref(), Some("main.handler"));
    }

    #[test]
    fn modes_that_do_not_fit_are_refused_with_the_field() {
        for (runtime, handler, mode) in [
            (Runtime::Go, None, Some(Mode::Script)),
            (Runtime::Rust, Some("main.handler"), None),
            (Runtime::Python, None, Some(Mode::Process)),
            (Runtime::Python, Some("main.handler"), Some(Mode::Script)),
            (Runtime::Python, Some("handler"), None),
            (Runtime::Provided, None, Some(Mode::Process)),
            (Runtime::Provided, Some("a b"), None),
            (Runtime::Executable, None, Some(Mode::Lambda)),
            (Runtime::Python, None, Some(Mode::Lambda)),
        ] {
            let fault = start(runtime, handler.map(str::to_owned), mode).expect_err("does not fit");
            assert!(!fault.fields().is_empty(), "{fault}");
        }
    }

    #[test]
    fn inline_code_is_named_after_its_handler_or_runtime() {
        let name = |runtime, handler| inline_entry(runtime, &started(runtime, handler));
        assert_eq!(name(Runtime::Python, Some("app.handle")), "app.py");
        assert_eq!(name(Runtime::Python, Some("pkg.mod.handle")), "pkg/mod.py");
        assert_eq!(name(Runtime::Node, Some("src/index.handler")), "src/index.js");
        assert_eq!(name(Runtime::Ruby, None), "main.rb");
        assert_eq!(name(Runtime::Go, None), "main.go");
        assert_eq!(name(Runtime::Executable, None), "bootstrap");
        assert_eq!(name(Runtime::Provided, Some("app.handler")), "bootstrap");
    }

    #[test]
    fn the_entry_is_found_by_handler_usual_name_or_being_alone() {
        let found = |runtime, handler, names: &[&str]| entry(runtime, handler, names).expect("found");
        assert_eq!(found(Runtime::Node, Some("a.handler"), &["a.mjs", "b.js"]), "a.mjs");
        assert_eq!(found(Runtime::Python, Some("pkg.handler"), &["pkg/__init__.py"]), "pkg/__init__.py");
        assert_eq!(found(Runtime::Python, None, &["lib.py", "app.py"]), "app.py");
        assert_eq!(found(Runtime::Python, None, &["stream.py", "README"]), "stream.py");
        assert_eq!(found(Runtime::Rust, None, &["Cargo.toml", "src/lib.rs", "src/main.rs"]), "src/main.rs");
    }

    #[test]
    fn a_missing_entry_names_what_was_looked_for() {
        let fault = entry(Runtime::Python, Some("app.handle"), &["main.py"]).expect_err("not there");
        assert!(fault.message().contains("app.py") && fault.message().contains("main.py"), "{fault}");
        assert!(entry(Runtime::Python, None, &["a.py", "b.py"]).is_err());
        let wish =
            find_entry(Runtime::Python, &started(Runtime::Python, None), Some("x.py"), &files(&["main.py"]));
        assert!(wish.expect_err("not there").message().contains("x.py"));
    }
}
