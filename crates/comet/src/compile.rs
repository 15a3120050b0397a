//! Building Go and Rust source with the host's toolchain, in a sandbox that reaches the
//! configured registries only. The executable comes back as the build's stdout, so that nothing of the host is
//! writable from inside.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use nova_agent::protocol::{Exec, GuestMode, Init};
use nova_artifacts::trees;
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::log::LogLine;
use nova_domain::network::NetworkPolicy;
use nova_domain::ports::{BuildLog, BuildRequest, CodeTree, Sandboxes};
use nova_domain::runtime::{InstalledRuntime, Runtime};
use nova_domain::version::{Build, CompileStatus};
use nova_domain::{Digest, FunctionId};
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use crate::backend::SandboxSpec;
use crate::egress::Owner;
use crate::install;
use crate::pool::{launch_fault, opening_of};
use crate::runtimes;
use crate::sandbox::{Answer, Listener, Mask, Sandbox, SandboxError};
use crate::{BuildSettings, Comet};

/// Largest result of a build: an archive of installed packages.
const RESULT_MAX: usize = 512 * 1024 * 1024;
/// Largest executable, bytes.
const EXECUTABLE_MAX: usize = 100 * 1024 * 1024;
/// Compiler output that is kept; the end counts most.
const OUTPUT_MAX: usize = 64 * 1024;

const GO: &str = r#"
set -e
cp -r /code /tmp/src && cd /tmp/src
[ -f go.mod ] || "$TOOL" mod init function 2>/dev/null
[ -d vendor ] || export GOFLAGS=-mod=mod
"$TOOL" build -trimpath -ldflags=-s -o /tmp/out . 1>&2
exec cat /tmp/out
"#;

const RUST: &str = r#"
set -e
if [ -f /code/Cargo.toml ]; then
  cp -r /code /tmp/src && cd /tmp/src
  # Cargo looks for rustc there, and build scripts for both.
  export PATH="${TOOL%/*}:$PATH"
  # What is vendored or a path needs no registry, and cargo asks none then.
  set --
  if [ "$REGISTRY" != sparse+https://index.crates.io/ ]; then
    set -- --config 'source.crates-io.replace-with="configured"' --config "source.configured.registry=\"$REGISTRY\""
  fi
  "${TOOL%/*}/cargo" "$@" build --release --target-dir /tmp/target 1>&2
  set -- $(find /tmp/target/release -maxdepth 1 -type f -perm -u+x)
  [ $# -eq 1 ] || { echo "the package must build exactly one executable, it built $#" >&2; exit 1; }
  exec cat "$1"
fi
"$TOOL" --edition 2021 -C opt-level=2 -C strip=debuginfo -o /tmp/out "/code/$ENTRY" 1>&2
exec cat /tmp/out
"#;

/// What a build sandbox is to do. Its stdout is the result, its stderr the log.
pub(crate) struct BuildJob<'a> {
    pub(crate) script: &'static str,
    pub(crate) toolchain: &'a InstalledRuntime,
    pub(crate) code: &'a CodeTree,
    /// Besides the usual variables.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) label: String,
    pub(crate) policy: NetworkPolicy,
    pub(crate) owner: Owner,
    /// Where its log goes while it runs.
    pub(crate) log: BuildLog,
}

/// What came of it.
pub(crate) enum Made {
    Done {
        result: Bytes,
        output: String,
    },
    /// What the tools said, with the reason.
    Failed(String),
}

pub(crate) fn failed(output: String) -> Build {
    Build { status: CompileStatus::Failed, output: output.trim().to_owned(), artifact: None }
}

impl Comet {
    /// Runs a job in a sandbox of its own.
    pub(crate) async fn run_build(&self, job: BuildJob<'_>) -> FaultResult<Made> {
        let settings = &self.inner.settings.build;
        let toolchain = job.toolchain;
        let mut mounts = vec![(job.code.path.display().to_string(), "/code".to_owned())];
        let visible = toolchain.runtime.is_interpreted();
        let roots = toolchain.root.iter().filter(|_| !visible);
        mounts.extend(roots.map(|root| (root.clone(), root.clone())));
        let mut init = init_of(job.script, toolchain, settings);
        init.env.extend(job.env);
        init.egress_ports = job.policy.ports().into_iter().collect();
        let spec = SandboxSpec {
            kind: String::new(),
            runtime: None,
            mounts,
            memory_bytes: u64::from(settings.memory_mb) << 20,
            cpu_millis: settings.cpu_millis,
            pids: 512,
            tmp_bytes: u64::from(settings.tmp_mb) << 20,
            label: job.label,
            opening: opening_of(&init)?,
        };
        let mut launched = self.inner.backend.launch(&spec).await.map_err(launch_fault)?;
        let unreachable = |error: &dyn std::fmt::Display| {
            Fault::new(Code::Unavailable, "the build sandbox could not be reached")
                .with_source(error.to_string())
        };
        let _network = match launched.link.take() {
            Some(link) if !job.policy.is_none() => Some(
                self.inner.egress.attach(link, job.policy, job.owner).map_err(|error| unreachable(&error))?,
            ),
            _ => None,
        };
        // What a registry wants to know of us is nobody's who sees the log.
        let mask = Mask::of_addresses(settings.registries.addresses());
        let listener = Listener::of_build(job.log.clone());
        let sandbox = Sandbox::start(launched, &spec, self.inner.backend.clone(), mask, Some(listener))
            .map_err(|error| unreachable(&error))?;
        let (mut answer, result) = run_in(&sandbox, settings).await?;
        sandbox.mask().lines(&mut answer.logs);
        // What came with the answer.
        let told = sandbox.listener().map_or(0, Listener::told);
        job.log.tell(answer.logs.get(told..).unwrap_or_default());
        let output = output_text(&answer.logs);
        if let Some(error) = answer.error {
            let oom = sandbox.ran_out_of_memory().await.is_some();
            let why = if oom {
                format!("the build needs more than {} MB of memory", settings.memory_mb)
            } else {
                error.message.lines().next().unwrap_or_default().to_owned()
            };
            let output = if output.is_empty() || oom { format!("{output}\n{why}") } else { output };
            return Ok(Made::Failed(output));
        }
        if result.len() > RESULT_MAX {
            return Ok(Made::Failed(format!("{output}\nthe result is larger than {} MB", RESULT_MAX >> 20)));
        }
        Ok(Made::Done { result, output })
    }

    async fn compile(
        &self,
        request: &BuildRequest,
        toolchain: &InstalledRuntime,
        code: CodeTree,
    ) -> FaultResult<Build> {
        let registries = &self.inner.settings.build.registries;
        let script = match toolchain.runtime {
            Runtime::Go => GO,
            Runtime::Rust => RUST,
            other => return Err(Fault::invalid(format!("runtime `{other}` needs no build"))),
        };
        let mut env = install::environment(registries);
        for (name, value) in [
            ("ENTRY", request.entry.as_str()),
            ("CGO_ENABLED", "0"),
            ("GOCACHE", "/tmp/gocache"),
            ("GOPATH", "/tmp/go"),
            ("CARGO_HOME", "/tmp/cargo"),
            ("CARGO_TERM_PROGRESS_WHEN", "never"),
            ("REGISTRY", &registries.cargo_registry),
        ] {
            env.insert(name.to_owned(), value.to_owned());
        }
        let job = BuildJob {
            script,
            toolchain,
            code: &code,
            env,
            label: format!("{} build of {}", request.scope, request.code),
            policy: registries.policy()?,
            owner: install::owner()?,
            log: request.log.clone(),
        };
        match self.run_build(job).await? {
            Made::Failed(output) => Ok(failed(output)),
            Made::Done { result, output } if result.len() > EXECUTABLE_MAX => {
                Ok(failed(format!("{output}\nthe executable is larger than {EXECUTABLE_MAX} bytes")))
            }
            Made::Done { result, output } => {
                let tree = trees::pack_executable("bootstrap", &result)?;
                let artifact = self.inner.objects.put(tree).await?;
                Ok(Build { status: CompileStatus::Success, output, artifact: Some(artifact) })
            }
        }
    }
}

#[async_trait]
impl Sandboxes for Comet {
    async fn build(&self, request: BuildRequest) -> FaultResult<Build> {
        let toolchain = self.inner.runtimes.find(&request.runtime)?;
        let code = self.inner.trees.materialise(&request.code).await?;
        match request.dependencies {
            Some(installer) => self.install(&request, installer, toolchain, code).await,
            None => self.compile(&request, toolchain, code).await,
        }
    }

    fn runtimes(&self) -> Vec<InstalledRuntime> {
        self.inner.runtimes.list().to_vec()
    }

    fn prepare(&self, code: &Digest) {
        let (trees, code) = (self.inner.trees.clone(), *code);
        tokio::spawn(async move {
            // The first call does it otherwise, and tells what is wrong.
            if let Err(fault) = trees.materialise(&code).await {
                tracing::debug!(error = %fault.log_line(), %code, "code could not be unpacked ahead");
            }
        });
    }

    fn retire(&self, function: &FunctionId, keep: &[u32]) {
        self.inner.pool.retire(function, keep);
    }
}

fn init_of(script: &str, toolchain: &InstalledRuntime, settings: &BuildSettings) -> Init {
    let mut init = Init::new(GuestMode::Process);
    init.function = "build".to_owned();
    init.command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    init.env = runtimes::base_env();
    init.env.insert("TOOL".to_owned(), toolchain.path.clone());
    init.streaming_chunk = 64 * 1024;
    init.timeout_s = settings.timeout_s;
    init.file_size = u64::from(settings.tmp_mb) << 20;
    init
}

async fn run_in(sandbox: &Sandbox, settings: &BuildSettings) -> FaultResult<(Answer, Bytes)> {
    let timeout = Duration::from_secs(u64::from(settings.timeout_s));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let exec = |input| {
        let mut exec =
            Exec::new("build", input, (now + timeout).as_secs_f64() * 1000.0, timeout.as_millis() as u64);
        exec.stream = true;
        exec
    };
    let input: &RawValue =
        serde_json::from_str("null").map_err(|error| Fault::internal(error.to_string()))?;
    let lost = |error: SandboxError| {
        Fault::new(Code::SandboxLost, "the build sandbox ended before the build").with_source(error)
    };
    let (sender, mut chunks) = mpsc::channel::<Bytes>(16);
    let pending = sandbox.exec(&exec(input), Some(sender)).map_err(lost)?;
    let mut executable = Vec::new();
    let collect = async {
        while let Some(chunk) = chunks.recv().await {
            // One byte over tells the caller; more would only cost memory.
            if executable.len() <= RESULT_MAX {
                executable.extend_from_slice(&chunk);
            }
        }
    };
    let (answer, ()) =
        tokio::join!(tokio::time::timeout(timeout + Duration::from_secs(5), pending.answer), collect);
    match answer {
        Ok(Ok(answer)) => Ok((answer.map_err(lost)?, executable.into())),
        Ok(Err(_)) => Err(lost(SandboxError::Ended)),
        Err(_) => Err(Fault::new(Code::Unavailable, "the build did not end in time")),
    }
}

fn output_text(logs: &[LogLine]) -> String {
    let mut text = logs.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
    if text.len() > OUTPUT_MAX {
        let mut cut = text.len() - OUTPUT_MAX;
        while !text.is_char_boundary(cut) {
            cut += 1;
        }
        text = format!("[..]\n{}", &text[cut..]);
    }
    text
}
