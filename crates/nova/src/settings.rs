//! Settings of a server: `nova.toml`, `NOVA_*` variables and flags. `nova config show`
//! prints each with its origin.

use std::net::SocketAddr;
use std::time::Duration;

use nova_domain::http::{HttpRates, RATE_MAX};
use nova_domain::network::{IpNetwork, NetworkRule};
use nova_kit::config::{ConfigError, Settings};
use serde::{Deserialize, Serialize};

/// Every setting with its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServerSettings {
    pub(crate) server: Server,
    pub(crate) content: ContentSettings,
    pub(crate) access: AccessSettings,
    pub(crate) dirs: DirSettings,
    pub(crate) database: Database,
    pub(crate) objects: ObjectSettings,
    pub(crate) isolation: Isolation,
    pub(crate) pool: PoolSettings,
    pub(crate) build: BuildSettings,
    pub(crate) egress: EgressSettings,
    pub(crate) runs: RunSettings,
    pub(crate) queue: QueueSettings,
    pub(crate) secrets: SecretSettings,
    pub(crate) log: Log,
    pub(crate) traces: TraceSettings,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Server {
    /// Address of the control listener.
    pub(crate) listen: String,
    /// Loopback only, no key needed, Host and Origin checked.
    pub(crate) dev: bool,
    /// How long calls may go on after a stop signal, seconds.
    pub(crate) drain_s: u64,
    pub(crate) max_connections: u64,
    /// Threads that serve requests; 0: half of the CPUs.
    pub(crate) threads: u64,
    /// Addresses under which a proxy offers the server, such as `https://nova.example`.
    pub(crate) public_origins: Vec<String>,
    /// Addresses or networks of proxies whose `x-forwarded-for` and `x-forwarded-proto` are believed.
    pub(crate) trusted_proxies: Vec<String>,
    /// Certificate chain and private key in PEM; both empty: no TLS.
    pub(crate) tls_cert: String,
    pub(crate) tls_key: String,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9000".into(),
            dev: false,
            drain_s: 25,
            max_connections: 20_000,
            threads: 0,
            public_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            tls_cert: String::new(),
            tls_key: String::new(),
        }
    }
}

/// The listener on which functions are served to outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ContentSettings {
    /// Address of the content listener; `auto`: the control listener's with the next port; `off`: none.
    pub(crate) listen: String,
    /// Address under which a proxy offers it, such as `https://apps.example`; best on a host of its own.
    pub(crate) public_url: String,
    /// Requests in a second that one function takes; 0: any number. Functions can say another.
    pub(crate) rate: u64,
    /// The same of one client that nobody knows.
    pub(crate) client_rate: u64,
}

impl Default for ContentSettings {
    fn default() -> Self {
        Self { listen: "auto".into(), public_url: String::new(), rate: 1000, client_rate: 100 }
    }
}

impl Server {
    /// The networks of `trusted_proxies`.
    pub(crate) fn proxies(&self) -> Result<Vec<IpNetwork>, ConfigError> {
        networks("server.trusted_proxies", self.trusted_proxies.iter().map(|text| text.trim()))
    }
}

/// Addresses and networks of a setting.
fn networks<'t>(key: &str, texts: impl Iterator<Item = &'t str>) -> Result<Vec<IpNetwork>, ConfigError> {
    texts
        .map(|text| match IpNetwork::parse(text) {
            Some(Ok(network)) => Ok(network),
            _ => Err(ConfigError::Invalid(format!(
                "`{key}` has {text:?}, which is neither an address nor a network like 10.0.0.0/8"
            ))),
        })
        .collect()
}

impl ContentSettings {
    /// Where to listen beside a control listener at `control`; `None`: nowhere.
    pub(crate) fn address(&self, control: SocketAddr) -> Result<Option<SocketAddr>, ConfigError> {
        let invalid = |text: String| Err(ConfigError::Invalid(format!("`content.listen` {text}")));
        let address = match self.listen.as_str() {
            "off" => return Ok(None),
            "auto" => match control.port() {
                0 => control,
                port => match port.checked_add(1) {
                    Some(next) => SocketAddr::new(control.ip(), next),
                    None => return invalid("has no port after 65535: name one, or `off`".to_owned()),
                },
            },
            text => match text.parse() {
                Ok(address) => address,
                Err(_) => {
                    return invalid(format!(
                        "is {text:?}; write an address like 127.0.0.1:9001, `auto` or `off`"
                    ));
                }
            },
        };
        if address == control && address.port() != 0 {
            return invalid(format!(
                "is {address}, where the control listener is: what users wrote needs another one"
            ));
        }
        Ok(Some(address))
    }

    /// What functions take that do not say it themselves.
    pub(crate) fn rates(&self) -> HttpRates {
        HttpRates { all: Some(self.rate as u32), client: Some(self.client_rate as u32) }
    }

    /// Fails if pages of functions would count as pages of the console.
    fn apart_from(&self, console: &[String]) -> Result<(), ConfigError> {
        let same = |text: &String| {
            text.trim_end_matches('/').eq_ignore_ascii_case(self.public_url.trim_end_matches('/'))
        };
        if self.public_url.is_empty() || !console.iter().any(same) {
            return Ok(());
        }
        Err(ConfigError::Invalid(format!(
            "`content.public_url` {} is in `server.public_origins` too: pages that users wrote could use \
             sessions of the console; give each an address of its own",
            self.public_url
        )))
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let url = self.public_url.as_str();
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let origin = rest.is_some_and(|rest| {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' '])
        });
        if url.is_empty() || origin {
            return Ok(());
        }
        Err(ConfigError::Invalid(format!(
            "`content.public_url` is {url:?}; write https://HOST[:PORT] without a path"
        )))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AccessSettings {
    /// How long a session in a browser lasts, minutes.
    pub(crate) session_m: u64,
    /// How long an invitation can be accepted, hours.
    pub(crate) invitation_h: u64,
    /// Sign-ins that may be tried in a minute, per account and per address.
    pub(crate) attempts_per_minute: u64,
    /// Issuers of tokens, and identity providers to sign in with; in the file only.
    pub(crate) issuers: Vec<crate::issuers::IssuerTable>,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self { session_m: 720, invitation_h: 168, attempts_per_minute: 10, issuers: Vec::new() }
    }
}

/// Empty: see `nova_kit::dirs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DirSettings {
    pub(crate) data: String,
    pub(crate) cache: String,
    pub(crate) run: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Database {
    /// `sqlite:DIR` or `postgres://..`; empty: SQLite in the data directory.
    pub(crate) url: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ObjectSettings {
    /// Bucket of an S3-compatible store; empty: files in the data directory.
    pub(crate) s3_bucket: String,
    pub(crate) s3_endpoint: String,
    pub(crate) s3_region: String,
    pub(crate) s3_access_key: String,
    pub(crate) s3_secret_key: String,
    /// Objects that nothing refers to are removed when they are older than this, hours.
    pub(crate) gc_grace_h: u64,
    /// Size of unpacked code that is kept on disk, MiB.
    pub(crate) code_cache_mb: u64,
}

impl Default for ObjectSettings {
    fn default() -> Self {
        Self {
            s3_bucket: String::new(),
            s3_endpoint: String::new(),
            s3_region: "us-east-1".into(),
            s3_access_key: String::new(),
            s3_secret_key: String::new(),
            gc_grace_h: 24,
            code_cache_mb: 4096,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Isolation {
    /// Started by root, the server goes on as this user.
    pub(crate) server_uid: u64,
    /// First host uid of sandboxes, and how many there are.
    pub(crate) uid_base: u64,
    pub(crate) uid_count: u64,
    /// How long function sandboxes go on after their server is gone, seconds.
    pub(crate) orphan_grace_s: u64,
    /// Go on without memory, CPU and process limits where the host gives no control groups.
    pub(crate) allow_without_cgroups: bool,
}

impl Default for Isolation {
    fn default() -> Self {
        Self {
            server_uid: 61_900,
            uid_base: 2_000_000,
            uid_count: 60_000,
            orphan_grace_s: 30,
            allow_without_cgroups: false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PoolSettings {
    /// Sandboxes at once over all functions.
    pub(crate) max_sandboxes: u64,
    /// Pre-started sandboxes per runtime; `bare` is for executables and scripts.
    pub(crate) stock_python: u64,
    pub(crate) stock_node: u64,
    pub(crate) stock_ruby: u64,
    pub(crate) stock_bare: u64,
    /// Bytes in one chunk of a streamed stdout.
    pub(crate) stream_chunk: u64,
    /// Short calls of Python functions go to the interpreter itself, and may wait there.
    pub(crate) direct_calls: bool,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_sandboxes: 256,
            stock_python: 4,
            stock_node: 2,
            stock_ruby: 1,
            stock_bare: 2,
            stream_chunk: 4096,
            direct_calls: true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BuildSettings {
    pub(crate) memory_mb: u64,
    pub(crate) timeout_s: u64,
    pub(crate) tmp_mb: u64,
    pub(crate) cpu_millis: u64,
    /// How long an API request waits for a build, seconds.
    pub(crate) wait_s: u64,
    /// Where builds get packages from.
    pub(crate) pip_index_url: String,
    pub(crate) npm_registry: String,
    pub(crate) gem_source: String,
    pub(crate) cargo_registry: String,
    pub(crate) go_proxy: String,
    /// Hosts that builds may reach besides: rules as of a function, with commas between.
    pub(crate) hosts: String,
}

impl Default for BuildSettings {
    fn default() -> Self {
        let registries = nova_comet::RegistrySettings::default();
        let hosts: Vec<_> = registries.hosts.iter().map(ToString::to_string).collect();
        Self {
            memory_mb: 2048,
            timeout_s: 300,
            tmp_mb: 1536,
            cpu_millis: 2000,
            wait_s: 120,
            pip_index_url: registries.pip_index_url,
            npm_registry: registries.npm_registry,
            gem_source: registries.gem_source,
            cargo_registry: registries.cargo_registry,
            go_proxy: registries.go_proxy,
            hosts: hosts.join(","),
        }
    }
}

impl BuildSettings {
    /// Where builds get packages from.
    pub(crate) fn registries(&self) -> Result<nova_comet::RegistrySettings, ConfigError> {
        let invalid =
            |fault: nova_domain::Fault| ConfigError::Invalid(format!("`build`: {}", fault.message()));
        let texts = self.hosts.split(',').map(str::trim).filter(|text| !text.is_empty());
        let registries = nova_comet::RegistrySettings {
            pip_index_url: self.pip_index_url.clone(),
            npm_registry: self.npm_registry.clone(),
            gem_source: self.gem_source.clone(),
            cargo_registry: self.cargo_registry.clone(),
            go_proxy: self.go_proxy.clone(),
            hosts: texts.map(NetworkRule::parse).collect::<Result<_, _>>().map_err(invalid)?,
        };
        registries.policy().map_err(invalid)?;
        Ok(registries)
    }
}

/// What sandboxes may do on the network, besides the rules of each function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EgressSettings {
    /// Connections at once of one sandbox, and of all together.
    pub(crate) connections_per_sandbox: u64,
    pub(crate) connections: u64,
    /// New connections of one function in a second; twice as many may come at once.
    pub(crate) connects_per_second: u64,
    /// MiB of one function in an hour, both ways; 0: no limit.
    pub(crate) mb_per_hour: u64,
    pub(crate) connect_timeout_s: u64,
    /// Addresses and networks that no function can reach, whatever its rules; with commas between.
    pub(crate) never: String,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self {
            connections_per_sandbox: 128,
            connections: 4096,
            connects_per_second: 100,
            mb_per_hour: 0,
            connect_timeout_s: 10,
            // Where clouds tell machines their credentials.
            never: "169.254.0.0/16,100.100.100.200,fe80::/10,fd00:ec2::254".into(),
        }
    }
}

impl EgressSettings {
    /// The networks of `never`.
    pub(crate) fn never(&self) -> Result<Vec<IpNetwork>, ConfigError> {
        networks("egress.never", self.never.split(',').map(str::trim).filter(|text| !text.is_empty()))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunSettings {
    /// Runs and logs older than this are removed, days.
    pub(crate) retention_days: u64,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self { retention_days: 30 }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct QueueSettings {
    /// Attempts of jobs that this server makes at a time.
    pub(crate) workers: u64,
    /// The same of one function, so that a slow one leaves room for others.
    pub(crate) per_function: u64,
    /// Jobs of one tenant that may wait or run.
    pub(crate) max_open: u64,
    /// Jobs are removed so long after they ended, days; dead ones too.
    pub(crate) retention_days: u64,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { workers: 16, per_function: 8, max_open: 10_000, retention_days: 14 }
    }
}

impl QueueSettings {
    pub(crate) fn settings(&self) -> nova_nebula::QueueSettings {
        nova_nebula::QueueSettings { max_open: self.max_open as u32 }
    }

    /// `drain_s`: how long attempts may go on after a stop signal.
    pub(crate) fn worker(&self, drain_s: u64) -> nova_nebula::WorkerSettings {
        nova_nebula::WorkerSettings {
            concurrency: self.workers as usize,
            per_function: self.per_function as usize,
            drain: Duration::from_secs(drain_s),
            keep: Duration::from_secs(self.retention_days * 24 * 3600),
            ..nova_nebula::WorkerSettings::default()
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SecretSettings {
    /// File with the master keys; empty: `master.key` in the data directory.
    pub(crate) key_file: String,
    /// Master keys, 64 hexadecimal digits each, the newest first, separated by commas; goes before the file.
    pub(crate) keys: String,
}

impl SecretSettings {
    /// The file with the master keys, beside the data in `data` if no other is named.
    pub(crate) fn path(&self, data: &std::path::Path) -> std::path::PathBuf {
        match self.key_file.as_str() {
            "" => data.join("master.key"),
            path => path.into(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Log {
    /// A level, or a list such as `info,nova_comet=debug`.
    pub(crate) level: String,
    /// `text`, `json`, or `auto`: text on a terminal.
    pub(crate) format: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: "auto".into() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TraceSettings {
    /// OTLP over HTTP, e.g. `http://127.0.0.1:4318`; empty: no traces.
    pub(crate) otlp_endpoint: String,
    /// Part of the traces that begin here which is kept, 0 to 1.
    pub(crate) ratio: f64,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self { otlp_endpoint: String::new(), ratio: 1.0 }
    }
}

impl Settings for ServerSettings {
    const SECRETS: &'static [&'static str] = &["objects.s3_secret_key", "secrets.keys"];

    fn validate(&self) -> Result<(), ConfigError> {
        let ranges = [
            ("server.max_connections", self.server.max_connections, 1, 1_000_000),
            ("server.threads", self.server.threads, 0, 256),
            ("server.drain_s", self.server.drain_s, 0, 3600),
            ("content.rate", self.content.rate, 0, u64::from(RATE_MAX)),
            ("content.client_rate", self.content.client_rate, 0, u64::from(RATE_MAX)),
            ("access.session_m", self.access.session_m, 1, 525_600),
            ("access.invitation_h", self.access.invitation_h, 1, 8760),
            ("access.attempts_per_minute", self.access.attempts_per_minute, 1, 100_000),
            ("isolation.server_uid", self.isolation.server_uid, 1, 4_000_000_000),
            ("isolation.uid_base", self.isolation.uid_base, 65_536, 4_000_000_000),
            ("isolation.uid_count", self.isolation.uid_count, 1, 1_000_000),
            ("isolation.orphan_grace_s", self.isolation.orphan_grace_s, 0, 3600),
            ("pool.max_sandboxes", self.pool.max_sandboxes, 1, 100_000),
            ("pool.stock_python", self.pool.stock_python, 0, 256),
            ("pool.stock_node", self.pool.stock_node, 0, 256),
            ("pool.stock_ruby", self.pool.stock_ruby, 0, 256),
            ("pool.stock_bare", self.pool.stock_bare, 0, 256),
            ("pool.stream_chunk", self.pool.stream_chunk, 256, 1 << 20),
            ("build.memory_mb", self.build.memory_mb, 256, 65_536),
            ("build.timeout_s", self.build.timeout_s, 1, 3600),
            ("build.tmp_mb", self.build.tmp_mb, 64, 65_536),
            ("build.cpu_millis", self.build.cpu_millis, 50, 64_000),
            ("build.wait_s", self.build.wait_s, 1, 3600),
            ("egress.connections_per_sandbox", self.egress.connections_per_sandbox, 1, 4096),
            ("egress.connections", self.egress.connections, 1, 100_000),
            ("egress.connects_per_second", self.egress.connects_per_second, 1, 100_000),
            ("egress.mb_per_hour", self.egress.mb_per_hour, 0, 1 << 40),
            ("egress.connect_timeout_s", self.egress.connect_timeout_s, 1, 300),
            ("runs.retention_days", self.runs.retention_days, 1, 3650),
            ("queue.workers", self.queue.workers, 1, 256),
            ("queue.per_function", self.queue.per_function, 1, 256),
            ("queue.max_open", self.queue.max_open, 1, 10_000_000),
            ("queue.retention_days", self.queue.retention_days, 1, 3650),
        ];
        for (key, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(ConfigError::Invalid(format!("`{key}` must be {low} to {high}, is {value}")));
            }
        }
        let server = &self.server;
        if server.tls_cert.is_empty() != server.tls_key.is_empty() {
            let message = "`server.tls_cert` and `server.tls_key` go together: set both, or none";
            return Err(ConfigError::Invalid(message.into()));
        }
        if server.dev && !server.tls_cert.is_empty() {
            let message =
                "a server with --dev speaks no TLS: it is for this machine only; leave `server.tls_cert` out";
            return Err(ConfigError::Invalid(message.into()));
        }
        self.content.validate()?;
        self.content.apart_from(&self.server.public_origins)?;
        self.server.proxies()?;
        self.egress.never()?;
        self.build.registries()?;
        if nova_kit::telemetry::LogFormat::parse(&self.log.format).is_none() {
            return Err(ConfigError::Invalid(format!(
                "`log.format` must be text, json or auto, is {:?}",
                self.log.format
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_served_beside_the_control_listener_and_never_on_it() {
        let control: SocketAddr = "127.0.0.1:9000".parse().expect("an address");
        let at = |listen: &str| {
            let settings = ContentSettings { listen: listen.to_owned(), ..ContentSettings::default() };
            settings.address(control).map(|found| found.map(|address| address.to_string()))
        };
        assert_eq!(at("auto").expect("fine").as_deref(), Some("127.0.0.1:9001"));
        assert_eq!(at("0.0.0.0:80").expect("fine").as_deref(), Some("0.0.0.0:80"));
        assert_eq!(at("off").expect("fine"), None);
        for bad in ["127.0.0.1:9000", "9001", "", "localhost:9001"] {
            assert!(at(bad).is_err(), "{bad}");
        }
        let last: SocketAddr = "127.0.0.1:65535".parse().expect("an address");
        assert!(ContentSettings::default().address(last).is_err());
    }

    #[test]
    fn pages_of_functions_never_count_as_pages_of_the_console() {
        let content =
            ContentSettings { public_url: "https://Apps.example/".to_owned(), ..Default::default() };
        assert!(content.apart_from(&["https://nova.example".to_owned()]).is_ok());
        assert!(content.apart_from(&["https://apps.example".to_owned()]).is_err());
        assert!(ContentSettings::default().apart_from(&[String::new()]).is_ok());
    }

    #[test]
    fn the_public_url_of_content_is_an_origin() {
        let check =
            |url: &str| ContentSettings { public_url: url.to_owned(), ..Default::default() }.validate();
        for good in ["", "https://apps.example", "http://apps.example:8080/"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["apps.example", "https://", "https://a/b", "https://u@a", "ftp://a"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
