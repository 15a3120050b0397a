//! What code may reach on the network: nothing, or an allow-list by name or address.
//!
//! A rule is written `HOST` or `HOST:PORT,PORT..`; without ports it means 443. HOST is a name
//! (`api.example.com`), a pattern (`*.example.com`, `*`), an address (`10.0.0.5`,
//! `[2001:db8::1]`) or a network (`10.0.0.0/8`). Names and patterns open public addresses
//! only: a private address must be named by a rule of its own.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Most rules of one policy.
pub const RULES_MAX: usize = 64;
/// Most ports of all rules of a policy together.
pub const PORTS_MAX: usize = 64;
/// What a rule without ports means.
const DEFAULT_PORT: u16 = 443;

/// The allow-list of a function version; empty means no network at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<NetworkRule>", into = "Vec<NetworkRule>")]
pub struct NetworkPolicy(Vec<NetworkRule>);

impl NetworkPolicy {
    /// Parses rules as users write them. The fault names the rule and its place.
    pub fn parse<T: AsRef<str>>(rules: &[T]) -> Result<Self, Fault> {
        let rules = rules.iter().map(|rule| NetworkRule::parse(rule.as_ref()));
        Self::new(rules.collect::<Result<Vec<_>, _>>()?)
    }

    /// Checks the bounds; equal rules become one.
    pub fn new(rules: Vec<NetworkRule>) -> Result<Self, Fault> {
        let mut kept: Vec<NetworkRule> = Vec::with_capacity(rules.len());
        for rule in rules {
            match kept.iter_mut().find(|one| one.host == rule.host) {
                Some(same) => same.ports.extend(rule.ports),
                None => kept.push(rule),
            }
        }
        let policy = Self(kept);
        let ports = policy.ports().len();
        if policy.0.len() > RULES_MAX || ports > PORTS_MAX {
            return Err(Fault::invalid(format!(
                "a network policy has at most {RULES_MAX} rules and {PORTS_MAX} different ports; this has {} and {ports}",
                policy.0.len(),
            ))
            .with_field("network", "too many rules or ports"));
        }
        Ok(policy)
    }

    /// These rules, those to take away taken away, those to add added.
    pub fn changed(&self, add: &[NetworkRule], remove: &[NetworkRule]) -> Result<Self, Fault> {
        let mut rules = self.0.clone();
        for gone in remove {
            for rule in rules.iter_mut().filter(|rule| rule.host == gone.host) {
                rule.ports.retain(|port| !gone.ports.contains(port));
            }
        }
        rules.retain(|rule| !rule.ports.is_empty());
        rules.extend_from_slice(add);
        Self::new(rules)
    }

    /// No rule, so nothing can be reached.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules, as they were given.
    pub fn rules(&self) -> &[NetworkRule] {
        &self.0
    }

    /// The rules as text.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Every port that some rule names.
    pub fn ports(&self) -> BTreeSet<u16> {
        self.0.iter().flat_map(|rule| &rule.ports).copied().collect()
    }

    /// Whether a rule names this host (lower case, no dot at the end), on any port.
    pub fn knows_name(&self, name: &str) -> bool {
        self.0.iter().any(|rule| rule.host.matches_name(name))
    }

    /// Whether a rule names this host with this port.
    pub fn allows_name(&self, name: &str, port: u16) -> bool {
        self.0.iter().any(|rule| rule.ports.contains(&port) && rule.host.matches_name(name))
    }

    /// Whether a rule names this address, or a network that holds it, with this port.
    pub fn allows_address(&self, address: IpAddr, port: u16) -> bool {
        self.0.iter().any(|rule| rule.ports.contains(&port) && rule.host.holds(address))
    }
}

impl TryFrom<Vec<NetworkRule>> for NetworkPolicy {
    type Error = Fault;
    fn try_from(rules: Vec<NetworkRule>) -> Result<Self, Fault> {
        Self::new(rules)
    }
}

impl From<NetworkPolicy> for Vec<NetworkRule> {
    fn from(policy: NetworkPolicy) -> Self {
        policy.0
    }
}

/// One line of an allow-list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NetworkRule {
    host: HostPattern,
    ports: BTreeSet<u16>,
}

/// Whom a rule names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum HostPattern {
    /// `*`
    Any,
    /// `api.example.com`
    Name(String),
    /// `*.example.com`, kept as `.example.com`; not the name itself.
    Below(String),
    /// An address or a network.
    Network(IpNetwork),
}

impl NetworkRule {
    /// Parses `HOST[:PORT,..]`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = |why: &str| {
            let shown: String = text.chars().take(80).collect();
            Fault::invalid(format!("network rule {shown:?} is not valid: {why}")).with_field("network", why)
        };
        let trimmed = text.trim();
        let (host, ports) = match trimmed.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or_else(|| bad("a `]` is missing"))?;
                if rest.is_empty() {
                    (host, None)
                } else {
                    let ports = rest.strip_prefix(':').ok_or_else(|| bad("write [ADDRESS]:PORT"))?;
                    (host, Some(ports))
                }
            }
            // More than one colon is an IPv6 address without brackets, and without port.
            None if trimmed.matches(':').count() > 1 => (trimmed, None),
            None => match trimmed.split_once(':') {
                Some((host, ports)) => (host, Some(ports)),
                None => (trimmed, None),
            },
        };
        let host = HostPattern::parse(host).map_err(bad)?;
        let ports = match ports {
            None => BTreeSet::from([DEFAULT_PORT]),
            Some(ports) => ports
                .split(',')
                .map(|port| port.trim().parse::<u16>().ok().filter(|port| *port != 0))
                .collect::<Option<BTreeSet<_>>>()
                .ok_or_else(|| bad("ports are numbers from 1 to 65535, with commas between"))?,
        };
        Ok(Self { host, ports })
    }
}

impl HostPattern {
    fn parse(host: &str) -> Result<Self, &'static str> {
        if host == "*" {
            return Ok(Self::Any);
        }
        if let Some(network) = IpNetwork::parse(host) {
            return network.map(Self::Network);
        }
        let name = normal_name(host);
        if let Some(below) = name.strip_prefix("*.") {
            return if is_name(below) { Ok(Self::Below(format!(".{below}"))) } else { Err(NAME_RULE) };
        }
        if is_name(&name) { Ok(Self::Name(name)) } else { Err(NAME_RULE) }
    }

    fn matches_name(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Name(own) => own == name,
            Self::Below(ending) => name.len() > ending.len() && name.ends_with(ending.as_str()),
            Self::Network(_) => false,
        }
    }

    fn holds(&self, address: IpAddr) -> bool {
        matches!(self, Self::Network(network) if network.holds(address))
    }
}

const NAME_RULE: &str = "write a host name, *.ending, an IP address or a network like 10.0.0.0/8, then :PORT";

/// Lower case, without the dot of the root.
pub fn normal_name(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Whether it can be a host name: ASCII labels of letters, digits, `-` and `_`, 253 bytes in all.
pub fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    // All-numeric last labels are addresses in disguise (`127.1`, `0x7f.1` does not resolve).
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for NetworkRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            HostPattern::Any => f.write_str("*")?,
            HostPattern::Name(name) => f.write_str(name)?,
            HostPattern::Below(ending) => write!(f, "*{ending}")?,
            HostPattern::Network(network) => write!(f, "{network}")?,
        }
        for (index, port) in self.ports.iter().enumerate() {
            write!(f, "{}{port}", if index == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}

impl TryFrom<String> for NetworkRule {
    type Error = Fault;
    fn try_from(text: String) -> Result<Self, Fault> {
        Self::parse(&text)
    }
}

impl From<NetworkRule> for String {
    fn from(rule: NetworkRule) -> String {
        rule.to_string()
    }
}

/// An address with the number of its leading bits that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpNetwork {
    address: IpAddr,
    prefix: u8,
}

impl IpNetwork {
    /// `None`: it does not look like an address. `Some(Err)`: it does, and is none.
    pub fn parse(text: &str) -> Option<Result<Self, &'static str>> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return prefix.map(|_| Err("it is no network like 10.0.0.0/8"));
        };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix.map(str::parse::<u8>) {
            None => bits,
            Some(Ok(prefix)) if prefix <= bits => prefix,
            Some(_) => return Some(Err("the number after `/` is too large, or none")),
        };
        Some(Ok(Self { address: masked(address, prefix), prefix }))
    }

    /// Whether the address lies in it. An IPv4 address inside an IPv6 one is the IPv4 address.
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.prefix) == self.address
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.address.is_ipv4() { 32 } else { 128 };
        let (open, close) = if self.address.is_ipv4() { ("", "") } else { ("[", "]") };
        if self.prefix == bits {
            write!(f, "{open}{}{close}", self.address)
        } else {
            write!(f, "{open}{}/{}{close}", self.address, self.prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(rules: &[&str]) -> NetworkPolicy {
        NetworkPolicy::parse(rules).expect("valid rules")
    }

    #[test]
    fn a_rule_without_ports_means_https() {
        let policy = policy(&["api.Example.com."]);
        assert!(policy.allows_name("api.example.com", 443));
        assert!(!policy.allows_name("api.example.com", 80));
        assert_eq!(policy.texts(), ["api.example.com:443"]);
    }

    #[test]
    fn a_pattern_matches_names_below_it_and_not_beside_it() {
        let policy = policy(&["*.example.com:443,8443"]);
        for good in ["a.example.com", "a.b.example.com"] {
            assert!(policy.allows_name(good, 8443), "{good}");
        }
        for bad in ["example.com", "badexample.com", "example.com.evil.org", ".example.com"] {
            assert!(!policy.allows_name(bad, 443), "{bad}");
        }
    }

    #[test]
    fn names_open_no_addresses_and_networks_open_no_names() {
        let policy = policy(&["*:443", "10.0.0.0/8:5432", "[fd00::/8]:5432"]);
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(!policy.allows_address(address("10.1.2.3"), 443));
        assert!(policy.allows_address(address("10.1.2.3"), 5432));
        assert!(policy.allows_address(address("::ffff:10.1.2.3"), 5432));
        assert!(!policy.allows_address(address("11.1.2.3"), 5432));
        assert!(policy.allows_address(address("fd12::1"), 5432));
        assert!(!policy.allows_name("db.internal", 5432));
    }

    #[test]
    fn malformed_rules_are_refused_with_the_field() {
        for bad in [
            "",
            ":443",
            "a b",
            "a..b",
            "http://x",
            "x:0",
            "x:70000",
            "x:",
            "10.0.0.0/33",
            "127.1",
            "[::1",
            "*x.y",
        ] {
            let fault = NetworkRule::parse(bad).expect_err(bad);
            assert_eq!(fault.fields()[0].0, "network", "{bad}");
        }
        let many: Vec<String> = (0..=PORTS_MAX).map(|port| format!("a{port}.b:{}", port + 1)).collect();
        assert!(NetworkPolicy::parse(&many).is_err());
    }

    #[test]
    fn single_rules_are_added_and_taken_away() {
        let rules = |texts: &[&str]| policy(texts).rules().to_vec();
        let before = policy(&["a.b:80,443", "c.d"]);
        let after = before.changed(&rules(&["e.f", "c.d:80"]), &rules(&["a.b", "x.y"])).expect("valid");
        assert_eq!(after.texts(), ["a.b:80", "c.d:80,443", "e.f:443"]);
        assert!(before.changed(&[], before.rules()).expect("valid").is_none());
    }

    #[test]
    fn rules_of_one_host_become_one() {
        assert_eq!(policy(&["a.b:80", "a.b:443", "a.b"]).texts(), ["a.b:80,443"]);
    }

    proptest! {
        #[test]
        fn what_is_shown_parses_to_the_same_rule(text in "[a-z0-9.*:/\\[\\],]{0,24}") {
            if let Ok(rule) = NetworkRule::parse(&text) {
                prop_assert_eq!(NetworkRule::parse(&rule.to_string()).expect("shown"), rule);
            }
        }

        #[test]
        fn no_text_breaks_the_parser(text in ".{0,60}") {
            let _ = NetworkRule::parse(&text);
        }
    }
}
