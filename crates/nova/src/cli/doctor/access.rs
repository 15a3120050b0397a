//! Who could get in, or read along.

use std::net::SocketAddr;

use nova_kit::dirs::Dirs;
use nova_kit::seal::{KeyRing, KeyStore};

use super::Check;
use crate::settings::ServerSettings;

pub(super) fn check(settings: &ServerSettings, dirs: &Dirs, checks: &mut Vec<Check>) {
    checks.push(network(settings));
    checks.extend(content(settings));
    checks.extend(proxies(settings));
    checks.push(master_key(settings, dirs));
}

/// Keys and sessions must not cross a network in clear.
fn network(settings: &ServerSettings) -> Check {
    let server = &settings.server;
    let listen = &server.listen;
    let inside = listen.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    let (good, detail) = match (server.tls_cert.is_empty(), inside) {
        (false, _) => match nova_zenith::Tls::load(server.tls_cert.as_ref(), server.tls_key.as_ref()) {
            Ok(_) => (true, format!("listens on {listen} with TLS")),
            Err(fault) => (false, format!("listens on {listen} with TLS, but {}", fault.message())),
        },
        (true, true) => (true, format!("listens on {listen}, this machine only")),
        (true, false) => (
            false,
            format!(
                "listens on {listen}, where keys cross the network in clear: set server.tls_cert and \
                 server.tls_key, or listen on 127.0.0.1 with a proxy that speaks TLS in front, and name it in \
                 server.public_origins"
            ),
        ),
    };
    Check { name: "network".into(), good, detail }
}

/// So must keys and signed addresses of functions.
fn content(settings: &ServerSettings) -> Option<Check> {
    let control = settings.server.listen.parse().ok()?;
    let address = settings.content.address(control).ok()??;
    let tls = !settings.server.tls_cert.is_empty();
    let good = tls || address.ip().is_loopback();
    let detail = match (tls, good) {
        (true, _) => format!("functions are served on {address} with TLS"),
        (false, true) => format!("functions are served on {address}, this machine only"),
        (false, false) => format!(
            "functions are served on {address}, where keys and signed addresses cross the network in clear: set \
             server.tls_cert and server.tls_key, or content.listen to 127.0.0.1 with a proxy that speaks TLS in \
             front, and name it in content.public_url"
        ),
    };
    Some(Check { name: "content".into(), good, detail })
}

/// Only the proxy's own addresses are to be believed.
fn proxies(settings: &ServerSettings) -> Option<Check> {
    let named = &settings.server.trusted_proxies;
    if named.is_empty() {
        return None;
    }
    let every = ["0.0.0.0/0", "::/0"].iter().any(|all| named.iter().any(|text| text.trim() == *all));
    let detail = match every {
        true => {
            "server.trusted_proxies has every address, so everybody says who they are, to the audit log and \
                 to limits: name the proxy's alone"
                .to_owned()
        }
        false => format!("{} say who their clients are", named.join(", ")),
    };
    Some(Check { name: "trusted proxies".into(), good: !every, detail })
}

/// Secrets are worth as much as the keys that seal them.
fn master_key(settings: &ServerSettings, dirs: &Dirs) -> Check {
    let path = settings.secrets.path(&dirs.data);
    let (place, ring) = match settings.secrets.keys.as_str() {
        "" if path.try_exists().is_ok_and(|exists| !exists) => {
            let detail = format!("none yet: the first start makes {}", path.display());
            return Check { name: "master key".into(), good: true, detail };
        }
        "" => (path.display().to_string(), KeyStore::file(&path).map(|store| store.ring())),
        keys => ("the setting secrets.keys".to_owned(), KeyRing::parse(keys).map(Into::into)),
    };
    let (good, detail) = match ring {
        Err(error) => (false, format!("{place}: {:#}", anyhow::Error::from(error))),
        Ok(ring) if ring.weak().is_empty() => {
            (true, format!("{} of {place}, newest {}", ring.ids().len(), ring.newest()))
        }
        Ok(ring) => {
            let weak: Vec<_> = ring.weak().iter().map(ToString::to_string).collect();
            let advice = "make one with `nova secret rotate-key`, or put the output of `openssl rand -hex 32` in front of \
                          it in secrets.keys and restart";
            (false, format!("{} of {place} can be guessed, it is not random: {advice}", weak.join(", ")))
        }
    };
    Check { name: "master key".into(), good, detail }
}
