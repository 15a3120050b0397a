//! Installing the packages that a manifest names, in a sandbox that reaches the configured
//! registries and nothing else. What was installed is a tree of its own, mounted beside
//! the code, and used again for the same manifest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nova_artifacts::trees;
use nova_domain::dependencies::Installer;
use nova_domain::fault::{Fault, FaultResult};
use nova_domain::ports::{BuildRequest, CodeTree};
use nova_domain::runtime::InstalledRuntime;
use nova_domain::version::{Build, CompileStatus};
use nova_domain::{Digest, FunctionId, TenantName};
use sha2::{Digest as _, Sha256};

use crate::compile::{BuildJob, Made, failed};
use crate::egress::Owner;
use crate::{Comet, RegistrySettings};

/// Where what was installed appears in a sandbox.
pub(crate) const FOLDER: &str = "/deps";
/// What puts installed gems on Ruby's load path.
pub(crate) const RUBY_SETUP: &str = "/deps/ruby/bundler/setup.rb";
/// Changes with what a script makes, so that results of an older one are not used.
const RECIPE: u32 = 1;

const PIP: &str = r#"
set -e
cd /code
"$TOOL" -m pip --version >/dev/null 2>&1 || {
  echo "this host's $TOOL has no pip; install it (Debian: apt-get install python3-pip)" >&2; exit 1; }
"$TOOL" -m pip install --no-input --no-cache-dir --no-compile --disable-pip-version-check \
  --no-warn-script-location --root-user-action=ignore --progress-bar=off \
  --target /tmp/deps/python -r requirements.txt 1>&2
"$TOOL" -m compileall -q --invalidation-mode unchecked-hash -s /tmp /tmp/deps/python 1>&2 || true
exec tar -C /tmp/deps --hard-dereference -chf - .
"#;

const NPM: &str = r#"
set -e
npm=${TOOL%/*}/npm
[ -x "$npm" ] || { echo "this host has no npm beside $TOOL; install it (Debian: apt-get install npm)" >&2; exit 1; }
mkdir -p /tmp/deps && cd /tmp/deps
for file in package.json package-lock.json .npmrc; do [ ! -f "/code/$file" ] || cp "/code/$file" .; done
if [ -f package-lock.json ]; then how=ci; else how=install; fi
"$npm" $how --omit=dev --no-audit --no-fund --no-progress --no-update-notifier 1>&2
mkdir -p node_modules && rm -rf node_modules/.bin
exec tar -C /tmp/deps --hard-dereference -chf - node_modules
"#;

/// Standalone: the result has a file that puts every gem on the load path, so that code needs
/// neither RubyGems nor Bundler when it runs.
const BUNDLER: &str = r#"
set -e
bundle() { "$TOOL" -e 'load Gem.bin_path("bundler", "bundle")' "$@"; }
"$TOOL" -e 'Gem.bin_path("bundler", "bundle")' 2>/dev/null || {
  echo "this host's $TOOL has no Bundler; install it (Debian: apt-get install ruby-bundler)" >&2; exit 1; }
mkdir -p /tmp/deps/ruby /tmp/app && cp -r /code/. /tmp/app && cd /tmp/app
[ ! -f Gemfile.lock ] || export BUNDLE_FROZEN=true
bundle install --standalone 1>&2
rm -rf /tmp/deps/ruby/ruby/*/cache /tmp/deps/ruby/ruby/*/doc
exec tar -C /tmp/deps --hard-dereference -chf - ruby
"#;

impl Comet {
    /// Installs what the request's manifest names; the same manifest was perhaps installed before.
    pub(crate) async fn install(
        &self,
        request: &BuildRequest,
        installer: Installer,
        toolchain: &InstalledRuntime,
        code: CodeTree,
    ) -> FaultResult<Build> {
        let registries = &self.inner.settings.build.registries;
        let key = key_of(installer, toolchain, registries, &code.path).await?;
        let note = self.note_of(&request.scope.tenant, &key);
        if let Some(known) = self.known(note.as_deref()).await {
            let output = "the same packages were installed before, and are used again".to_owned();
            return Ok(Build { status: CompileStatus::Success, output, artifact: Some(known) });
        }
        let script = match installer {
            Installer::Pip => PIP,
            Installer::Npm => NPM,
            Installer::Bundler => BUNDLER,
        };
        let job = BuildJob {
            script,
            toolchain,
            code: &code,
            env: environment(registries),
            label: format!("{} packages of {}", request.scope, request.code),
            policy: registries.policy()?,
            owner: owner()?,
            log: request.log.clone(),
        };
        let (archive, output) = match self.run_build(job).await? {
            Made::Done { result, output } => (result, output),
            Made::Failed(output) => return Ok(failed(output)),
        };
        let packed =
            tokio::task::spawn_blocking(move || trees::import_built(&archive).map(|tree| trees::pack(&tree)))
                .await
                .map_err(|error| Fault::internal("packing installed packages broke").with_source(error))?;
        let tree = match packed {
            Ok(tree) => tree,
            Err(fault) => {
                return Ok(failed(format!("{output}\nthe packages cannot be used: {}", fault.message())));
            }
        };
        let artifact = self.inner.objects.put(tree).await?;
        if let Some(note) = note {
            remember(&note, &artifact);
        }
        Ok(Build { status: CompileStatus::Success, output, artifact: Some(artifact) })
    }

    /// Where it is noted what `key` of a tenant gave. What one tenant installed is no other's.
    fn note_of(&self, tenant: &TenantName, key: &str) -> Option<PathBuf> {
        let folder = self.inner.settings.build.cache.as_ref()?;
        let tenant: String =
            Sha256::digest(tenant.as_str()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Some(folder.join(tenant).join(key))
    }

    /// What was installed before, if it is still there.
    async fn known(&self, note: Option<&Path>) -> Option<Digest> {
        let digest = Digest::parse(&std::fs::read_to_string(note?).ok()?).ok()?;
        // It may have been collected with the last version that used it.
        self.inner.trees.materialise(&digest).await.ok().map(|_| digest)
    }
}

/// All builds count as one function, which no user can have.
pub(crate) fn owner() -> FaultResult<Owner> {
    let advice = "the server's setting build.hosts (add {})".to_owned();
    Ok(Owner { function: FunctionId::new("build")?, label: "_build".to_owned(), advice })
}

/// Best effort: without the note the next build installs again.
fn remember(note: &Path, artifact: &Digest) {
    let written = note.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
        let temporary = note.with_extension("new");
        std::fs::write(&temporary, artifact.to_string())?;
        std::fs::rename(&temporary, note)
    });
    if let Err(error) = written {
        tracing::warn!(%error, "what was installed cannot be noted for the next build");
    }
}

/// The same key means the same packages: manifests, interpreter, architecture, registries.
async fn key_of(
    installer: Installer,
    toolchain: &InstalledRuntime,
    registries: &RegistrySettings,
    code: &Path,
) -> FaultResult<String> {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(&RECIPE.to_be_bytes());
    add(toolchain.version.as_bytes());
    add(toolchain.path.as_bytes());
    add(std::env::consts::ARCH.as_bytes());
    for (name, value) in environment(registries) {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    for name in installer.manifests() {
        match tokio::fs::read(code.join(name)).await {
            Ok(text) => {
                add(name.as_bytes());
                add(&text);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Fault::internal(format!("{name} cannot be read")).with_source(error)),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What tells the tools where the registries are, and whom to trust there: whom the host does.
pub(crate) fn environment(registries: &RegistrySettings) -> BTreeMap<String, String> {
    const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
    let mut env: BTreeMap<String, String> = [
        ("PIP_INDEX_URL", registries.pip_index_url.as_str()),
        ("PIP_CERT", CERTIFICATES),
        ("PIP_ROOT_USER_ACTION", "ignore"),
        ("npm_config_registry", &registries.npm_registry),
        ("NODE_EXTRA_CA_CERTS", CERTIFICATES),
        ("npm_config_cafile", CERTIFICATES),
        ("npm_config_cache", "/tmp/.npm"),
        ("CARGO_HTTP_CAINFO", CERTIFICATES),
        ("SSL_CERT_FILE", CERTIFICATES),
        ("GOPROXY", &registries.go_proxy),
        ("BUNDLE_PATH", "/tmp/deps/ruby"),
        ("BUNDLE_APP_CONFIG", "/tmp/.bundle"),
        ("BUNDLE_WITHOUT", "development:test"),
        ("BUNDLE_SSL_CA_CERT", CERTIFICATES),
        ("BUNDLE_SILENCE_ROOT_WARNING", "true"),
        ("BUNDLE_DISABLE_VERSION_CHECK", "true"),
        ("BUNDLE_JOBS", "2"),
        ("BUNDLE_RETRY", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if registries.gem_source != RegistrySettings::GEMS {
        // In place of whatever a Gemfile names.
        env.insert("BUNDLE_MIRROR__ALL".to_owned(), registries.gem_source.clone());
    }
    // The checksum database knows what the public proxy has. `go.sum` is checked in any case.
    if registries.go_proxy != RegistrySettings::GO {
        env.insert("GONOSUMDB".to_owned(), "*".to_owned());
    }
    env
}
