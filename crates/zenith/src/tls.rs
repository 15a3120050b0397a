//! TLS of a listener: certificate and key from files, read again when they change.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use nova_domain::{Code, Fault, FaultResult};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// What a file looked like: another one has another.
type Seen = Vec<(u64, u64, i64, i64)>;

/// The certificate of a listener. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    inner: Arc<Inner>,
}

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Seen>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({})", self.inner.certificate.display())
    }
}

impl Tls {
    /// Reads a chain of certificates, the server's own first, and its private key; both PEM.
    pub fn load(certificate: &Path, key: &Path) -> FaultResult<Self> {
        let seen = seen(certificate, key);
        let config = RwLock::new(Arc::new(read(certificate, key)?));
        Ok(Self {
            inner: Arc::new(Inner {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
                config,
                seen: Mutex::new(seen),
            }),
        })
    }

    /// Reads the files again. If they are not right, what is there stays.
    pub fn reload(&self) -> FaultResult<()> {
        let inner = &self.inner;
        let now = seen(&inner.certificate, &inner.key);
        let config = read(&inner.certificate, &inner.key);
        *inner.seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
        let result = if config.is_ok() { "good" } else { "bad" };
        metrics::counter!("nova_tls_reloads_total", "result" => result).increment(1);
        *inner.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config?);
        Ok(())
    }

    /// Reads the files again when they change, or when `nudged` says so, until `stop` fires.
    pub async fn watch(&self, nudged: Arc<Notify>, stop: CancellationToken) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                () = nudged.notified() => true,
                _ = tick.tick() => false,
            };
            if !asked && !self.has_changed() {
                continue;
            }
            let path = self.inner.certificate.display();
            match self.reload() {
                Ok(()) => tracing::info!(certificate = %path, "the certificate was read again"),
                Err(fault) => {
                    tracing::error!(certificate = %path, error = %fault.log_line(), "the certificate could not be read again; the one before it stays");
                }
            }
        }
    }

    fn has_changed(&self) -> bool {
        let now = seen(&self.inner.certificate, &self.inner.key);
        // Half-way through an exchange of files one may be missing.
        now.len() == 2 && now != *self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = self.inner.config.read().unwrap_or_else(PoisonError::into_inner).clone();
        TlsAcceptor::from(config).accept(stream).await
    }
}

fn seen(certificate: &Path, key: &Path) -> Seen {
    let look = |path: &Path| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
    };
    [certificate, key].into_iter().filter_map(look).collect()
}

fn read(certificate: &Path, key: &Path) -> FaultResult<ServerConfig> {
    let wrong =
        |path: &Path, what: &str| Fault::new(Code::InvalidArgument, format!("{}: {what}", path.display()));
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect).map_err(|error| {
            wrong(certificate, "no certificates in PEM can be read from it").with_source(error)
        })?;
    if chain.is_empty() {
        return Err(wrong(certificate, "there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| wrong(key, "no private key in PEM can be read from it").with_source(error))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| {
            wrong(key, "it is not the key of the certificate, or of a kind that is not taken")
                .with_source(error)
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
