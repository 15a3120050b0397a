//! Interpreters and toolchains found on the host, and how each is started in a sandbox.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nova_agent::protocol::DIRECT_ARGUMENT;
use nova_agent::shims::{SHIM_DIR, SHIMS};
use nova_domain::fault::FaultResult;
use nova_domain::host;
use nova_domain::runtime::{InstalledRuntime, Runtime, RuntimeRef};
use nova_keeper::protocol::Program;

/// What was found at start. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Runtimes {
    found: Arc<Vec<InstalledRuntime>>,
    compiled_shims: bool,
    /// Shims that can do it are offered direct calls.
    direct: bool,
}

/// Name of the program, how it tells its version, and what comes before the number.
fn probe_of(runtime: Runtime) -> Option<(&'static str, &'static [&'static str], &'static str)> {
    match runtime {
        Runtime::Python => Some(("python3", &["--version"], "Python ")),
        Runtime::Node => Some(("node", &["--version"], "v")),
        Runtime::Ruby => Some(("ruby", &["--version"], "ruby ")),
        Runtime::Go => Some(("go", &["version"], "go version go")),
        Runtime::Rust => Some(("rustc", &["--version"], "rustc ")),
        Runtime::Executable | Runtime::Provided => None,
    }
}

/// Oldest version whose shim contract is kept (tested by the shims' own tests).
fn oldest(runtime: Runtime) -> Vec<u32> {
    match runtime {
        Runtime::Python => vec![3, 9],
        Runtime::Node => vec![18],
        Runtime::Ruby => vec![3, 0],
        Runtime::Go | Runtime::Rust | Runtime::Executable | Runtime::Provided => Vec::new(),
    }
}

impl Runtimes {
    /// Looks for programs in the usual folders. Runs each with its version option, so call
    /// it once at start (with the rights to read users' toolchain folders, if any).
    pub fn discover() -> Self {
        let folders = search_folders();
        let mut found: Vec<InstalledRuntime> = Vec::new();
        for runtime in Runtime::ALL {
            let Some((name, arguments, prefix)) = probe_of(*runtime) else { continue };
            let mut seen: Vec<PathBuf> = Vec::new();
            for folder in &folders {
                let Some(path) = candidate(folder, name) else { continue };
                if seen.contains(&path) {
                    continue;
                }
                let version = version_of(&path, arguments, prefix);
                if let Some(version) = version.filter(|version| version_key(version) >= oldest(*runtime)) {
                    let root = root_of(&path);
                    let shown = path.display().to_string();
                    found.push(InstalledRuntime { runtime: *runtime, version, path: shown, root });
                }
                seen.push(path);
            }
        }
        // The system's own first (it needs no further folder), then newest first.
        found.sort_by_key(|one| {
            let newest = std::cmp::Reverse(version_key(&one.version));
            (one.runtime, one.root.is_some(), one.path.contains("nightly"), newest)
        });
        Self { found: Arc::new(found), compiled_shims: false, direct: false }
    }

    /// A fixed list, for tests.
    pub fn fixed(found: Vec<InstalledRuntime>) -> Self {
        Self { found: Arc::new(found), compiled_shims: false, direct: false }
    }

    /// Compiles the Python shim for every Python found, which saves milliseconds at each
    /// start. Returns the files (name in the sandbox, place on the host) that the keeper is
    /// to put beside the shims. `folder` must belong to this process's user.
    pub fn compile_shims(&mut self, folder: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
        let source = folder.join("shim.py");
        let text = SHIMS.iter().find(|(name, _)| *name == "shim.py").map_or("", |(_, text)| text);
        fs::write(&source, text)?;
        let mut files = Vec::new();
        for python in self.found.iter().filter(|one| one.runtime == Runtime::Python) {
            let name = compiled_shim(python);
            let target = folder.join(&name);
            let output = Command::new(&python.path)
                .args(["-I", "-S", "-c", COMPILE])
                .args([&source, &target])
                .arg(format!("{SHIM_DIR}/shim.py"))
                .env_clear()
                .output()?;
            if !output.status.success() {
                let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                return Err(std::io::Error::other(format!("{}: {why}", python.path)));
            }
            files.push((name, target));
        }
        self.compiled_shims = true;
        Ok(files)
    }

    /// How the interpreter is pre-started with its shim; `None` for runtimes without one.
    pub fn shim_program(&self, runtime: &InstalledRuntime) -> Option<Program> {
        shim_program(runtime, self.compiled_shims, self.direct)
    }

    /// Has shims that can do it take short calls from the server itself. To be called before any
    /// sandbox starts.
    pub fn offer_direct_calls(&mut self) {
        self.direct = true;
    }

    /// Everything found, best first per runtime.
    pub fn list(&self) -> &[InstalledRuntime] {
        &self.found
    }

    /// Folders outside `/usr` that interpreters need inside sandboxes.
    pub fn interpreter_roots(&self) -> Vec<PathBuf> {
        self.roots(Runtime::is_interpreted)
    }

    /// Folders outside `/usr` that compilers need in build sandboxes.
    pub fn compiler_roots(&self) -> Vec<PathBuf> {
        self.roots(Runtime::is_compiled)
    }

    fn roots(&self, which: fn(Runtime) -> bool) -> Vec<PathBuf> {
        let mut roots: Vec<PathBuf> = self
            .found
            .iter()
            .filter(|one| which(one.runtime))
            .filter_map(|one| one.root.as_ref().map(PathBuf::from))
            .collect();
        roots.sort();
        roots.dedup();
        roots
    }

    /// The best one that fits the wish; `MissingOnHost` with what to install.
    pub fn find(&self, wish: &RuntimeRef) -> FaultResult<&InstalledRuntime> {
        host::find(&self.found, wish)
    }
}

/// The key under which sandboxes with this interpreter are pre-started.
pub fn stock_key(runtime: &InstalledRuntime) -> String {
    format!("{}-{}", runtime.runtime, runtime.version)
}

/// Environment of every process in a sandbox, before a function's own.
pub fn base_env() -> BTreeMap<String, String> {
    [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/tmp"), ("TMPDIR", "/tmp"), ("LANG", "C.UTF-8")]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Compiles argv[1] to argv[2] under the name argv[3], valid whatever its date.
const COMPILE: &str = "import sys, py_compile; py_compile.compile(sys.argv[1], sys.argv[2], sys.argv[3], True, \
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)";

fn compiled_shim(runtime: &InstalledRuntime) -> String {
    format!("shim-{}.pyc", runtime.version)
}

fn shim_program(runtime: &InstalledRuntime, compiled: bool, direct: bool) -> Option<Program> {
    let options: &[&str] = match runtime.runtime {
        Runtime::Python => &["-I", "-S", "-B", "-X", "utf8"],
        Runtime::Node => &["--no-warnings"],
        Runtime::Ruby => &["--disable=gems,did_you_mean,error_highlight,rubyopt"],
        Runtime::Go | Runtime::Rust | Runtime::Executable | Runtime::Provided => return None,
    };
    let shim = match runtime.runtime {
        Runtime::Python if compiled => &compiled_shim(runtime),
        Runtime::Python => "shim.py",
        Runtime::Node => "shim.js",
        _ => "shim.rb",
    };
    let mut argv = vec![runtime.path.clone()];
    argv.extend(options.iter().map(|option| (*option).to_owned()));
    argv.push(format!("{SHIM_DIR}/{shim}"));
    if direct && runtime.runtime == Runtime::Python {
        argv.push(DIRECT_ARGUMENT.to_owned());
    }
    Some(Program { argv, env: base_env() })
}

/// How a plain program of the runtime is started for each call.
pub fn script_command(runtime: &InstalledRuntime, entry: &str) -> Vec<String> {
    let mut command = vec![runtime.path.clone()];
    if runtime.runtime == Runtime::Python {
        command.extend(["-B", "-c", LINE_BUFFERED].map(str::to_owned));
    }
    command.push(format!("/code/{entry}"));
    command
}

/// Runs argv[1] as Python would, but with lines of stdout sent as they are printed. (`-u`
/// would send each line in two pieces, no option would keep them to the end.)
const LINE_BUFFERED: &str = "import sys; sys.stdout.reconfigure(line_buffering=True); sys.argv = sys.argv[1:]; \
    __file__ = sys.argv[0]; sys.path[0] = __file__.rpartition('/')[0]; \
    exec(compile(open(__file__, 'rb').read(), __file__, 'exec'))";

fn search_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        ["/usr/bin", "/usr/local/bin", "/usr/local/go/bin"].into_iter().map(PathBuf::from).collect();
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    let mut bases = vec![("/opt".into(), "")];
    if let Some(home) = std::env::home_dir() {
        bases.push((home.join(".rustup/toolchains"), ""));
        bases.push((home.join(".pyenv/versions"), ""));
        bases.push((home.join(".nvm/versions/node"), ""));
        bases.push((home.join(".rbenv/versions"), ""));
    }
    for (base, _) in bases as Vec<(PathBuf, &str)> {
        let mut below: Vec<PathBuf> = fs::read_dir(base)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("bin"))
            .collect();
        below.sort();
        folders.extend(below);
    }
    folders
}

/// The program itself (no link, no script, no toolchain proxy), if the folder has it.
fn candidate(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = fs::canonicalize(folder.join(name)).ok()?;
    let mut magic = [0u8; 4];
    fs::File::open(&path).ok()?.read_exact(&mut magic).ok()?;
    let proxy = path.file_name().is_some_and(|file| file == "rustup");
    (magic == *b"\x7fELF" && !proxy).then_some(path)
}

fn version_of(path: &Path, arguments: &[&str], prefix: &str) -> Option<String> {
    let output = Command::new(path).args(arguments).env_clear().env("HOME", "/tmp").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let rest = text.split_once(prefix)?.1;
    let version: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    (!version.is_empty()).then_some(version)
}

/// `/opt/x/bin/prog` needs `/opt/x`; programs in `/usr` need nothing.
fn root_of(path: &Path) -> Option<String> {
    if path.starts_with("/usr") || path.starts_with("/bin") {
        return None;
    }
    path.parent()?.parent().map(|root| root.display().to_string())
}

fn version_key(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
