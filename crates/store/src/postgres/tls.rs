//! TLS to the database, with the words of libpq: `sslmode` and `sslrootcert`.

use std::path::PathBuf;
use std::sync::Arc;

use nova_domain::{Code, Fault, FaultResult};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What of the server's certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Verify {
    /// Nothing: keeps listeners out, and nobody who can pose as the server.
    #[default]
    Nothing,
    /// That a trusted authority signed it.
    Authority,
    /// That, and that it is for this host.
    Full,
}

/// How connections are encrypted, once `sslmode` of the configuration says that they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) verify: Verify,
    /// File with the authorities that are trusted; without one, those of the system are.
    pub(crate) roots: Option<PathBuf>,
}

impl Tls {
    /// What makes encrypted connections.
    pub(crate) fn connector(&self) -> FaultResult<MakeRustlsConnect> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let failed = |error: rustls::Error| Fault::internal("TLS to the database").with_source(error);
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        let config = match self.verify {
            Verify::Full => builder.with_root_certificates(self.authorities()?).with_no_client_auth(),
            verify => {
                let chain = match verify {
                    Verify::Authority => Some(
                        WebPkiServerVerifier::builder_with_provider(
                            Arc::new(self.authorities()?),
                            provider.clone(),
                        )
                        .build()
                        .map_err(|error| Fault::internal("TLS to the database").with_source(error))?,
                    ),
                    _ => None,
                };
                let verifier = Arc::new(Lenient { chain, provider });
                builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
            }
        };
        Ok(MakeRustlsConnect::new(config))
    }

    fn authorities(&self) -> FaultResult<RootCertStore> {
        let mut store = RootCertStore::empty();
        let Some(path) = &self.roots else {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
            if store.is_empty() {
                return Err(unusable(
                    "this host has no certificate authorities (Debian: apt-get install ca-certificates); \
                     or name a file with sslrootcert",
                ));
            }
            return Ok(store);
        };
        let bad = |why: &dyn std::fmt::Display| {
            unusable(&format!("sslrootcert {} cannot be used: {why}", path.display()))
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| bad(&error))? {
            let certificate = certificate.map_err(|error| bad(&error))?;
            store.add(certificate).map_err(|error| bad(&error))?;
        }
        if store.is_empty() {
            return Err(bad(&"it holds no certificate in PEM"));
        }
        Ok(store)
    }
}

fn unusable(why: &str) -> Fault {
    Fault::new(Code::Unavailable, format!("cannot use the PostgreSQL database: {why}"))
}

/// Checks less than a browser does, as it was told.
#[derive(Debug)]
struct Lenient {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        // The name is looked at last, so this error means that the rest was right.
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
