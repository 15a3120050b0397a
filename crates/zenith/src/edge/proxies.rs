//! Who sent a request, where proxies stand between.
//!
//! Anybody can write `x-forwarded-for`. It is read only in requests of proxies that the settings name, and
//! only as far as they wrote it: each appends whom it got the request from, so the client is the last
//! entry that is no proxy of ours.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use nova_domain::network::IpNetwork;

pub(crate) const FORWARDED_FOR: &str = "x-forwarded-for";
pub(crate) const FORWARDED_PROTO: &str = "x-forwarded-proto";
pub(crate) const FORWARDED_HOST: &str = "x-forwarded-host";

/// Proxies whose word about their clients is taken.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNetwork]>);

/// Who sent a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) address: Option<IpAddr>,
    /// Whether it speaks TLS, with us or with a trusted proxy.
    pub(crate) secure: bool,
    /// Whether it came by a trusted proxy.
    pub(crate) proxied: bool,
}

impl TrustedProxies {
    /// The proxies at these addresses.
    pub fn new(networks: Vec<IpNetwork>) -> Self {
        Self(networks.into())
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// Who sent a request with these headers, which came over a connection from `other_end`.
    pub(crate) fn peer(&self, other_end: Option<IpAddr>, tls: bool, headers: &HeaderMap) -> Peer {
        let other_end = other_end.map(|address| address.to_canonical());
        match other_end.filter(|address| self.holds(*address)) {
            None => Peer { address: other_end, secure: tls, proxied: false },
            Some(proxy) => {
                let scheme = headers.get_all(FORWARDED_PROTO).iter().next_back();
                let secure = scheme.map_or(tls, |scheme| last(scheme).eq_ignore_ascii_case("https"));
                Peer { address: Some(self.client(proxy, headers)), secure, proxied: true }
            }
        }
    }

    /// From right to left, past our proxies, to the first that is none. What is no address was written by
    /// the proxy right of it, which hides its client so: then that proxy is all that is known.
    fn client(&self, proxy: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = proxy;
        for value in headers.get_all(FORWARDED_FOR).iter().rev() {
            let Ok(text) = value.to_str() else { return client };
            for entry in text.rsplit(',') {
                match address(entry.trim()) {
                    None => return client,
                    Some(address) => client = address,
                }
                if !self.holds(client) {
                    return client;
                }
            }
        }
        client
    }
}

fn last(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default().rsplit(',').next().unwrap_or_default().trim()
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let found = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    found.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str]) -> TrustedProxies {
        let parsed = networks.iter().map(|text| IpNetwork::parse(text).expect("one").expect("valid"));
        TrustedProxies::new(parsed.collect())
    }

    fn client(trusted: &TrustedProxies, other_end: &str, entries: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for entry in entries {
            headers.append(FORWARDED_FOR, entry.parse().expect("a value"));
        }
        let peer = trusted.peer(Some(other_end.parse().expect("an address")), false, &headers);
        peer.address.expect("known").to_string()
    }

    #[test]
    fn the_client_is_the_last_entry_that_is_no_proxy_of_ours() {
        let ours = proxies(&["10.0.0.0/8", "fd00::/8"]);
        for (entries, expected) in [
            (&["192.0.2.7"][..], "192.0.2.7"),
            (&["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
            (&["6.6.6.6, 192.0.2.7, 10.1.1.1"], "192.0.2.7"),
            (&["6.6.6.6", "192.0.2.7", "10.1.1.1"], "192.0.2.7"),
            (&["192.0.2.7:4711"], "192.0.2.7"),
            (&["[2001:db8::7]:443"], "2001:db8::7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            (&[], "10.0.0.1"),
            (&[""], "10.0.0.1"),
            (&["unknown"], "10.0.0.1"),
            (&["6.6.6.6, unknown, 10.1.1.1"], "10.1.1.1"),
            (&["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        ] {
            assert_eq!(client(&ours, "10.0.0.1", entries), expected, "{entries:?}");
        }
        assert_eq!(client(&ours, "::ffff:10.0.0.1", &["192.0.2.7"]), "192.0.2.7");
    }

    #[test]
    fn nobody_else_says_who_they_are() {
        for trusted in [proxies(&[]), proxies(&["10.0.0.0/8"])] {
            assert_eq!(client(&trusted, "203.0.113.5", &["192.0.2.7"]), "203.0.113.5");
            let mut headers = HeaderMap::new();
            headers.append(FORWARDED_PROTO, HeaderValue::from_static("https"));
            let peer = trusted.peer("203.0.113.5".parse().ok(), false, &headers);
            assert!(!peer.secure && !peer.proxied);
            assert!(trusted.peer("203.0.113.5".parse().ok(), true, &headers).secure);
        }
    }

    #[test]
    fn a_trusted_proxy_says_how_its_client_speaks() {
        let ours = proxies(&["10.0.0.1"]);
        let secure = |tls: bool, schemes: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for scheme in schemes {
                headers.append(FORWARDED_PROTO, HeaderValue::from_static(scheme));
            }
            ours.peer("10.0.0.1".parse().ok(), tls, &headers).secure
        };
        assert!(secure(false, &["https"]) && secure(false, &["http, HTTPS"]) && secure(true, &[]));
        assert!(!secure(true, &["http"]) && !secure(false, &["https", "http"]) && !secure(false, &[]));
    }
}
