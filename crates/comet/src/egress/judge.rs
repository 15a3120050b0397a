//! May this function connect to this address? Pure but for the look at the host's own
//! addresses. The address that is judged is the one that is connected to.

use std::net::IpAddr;

use nova_domain::network::{IpNetwork, NetworkPolicy};

use super::address;

/// What somebody wants to reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// The name it was looked up by; none if the address itself was given.
    pub(super) name: Option<&'a str>,
    pub(super) port: u16,
}

impl Target<'_> {
    /// Whether any address of it may be reached, before it is looked up.
    pub(super) fn is_known(&self, policy: &NetworkPolicy) -> bool {
        self.name.is_some_and(|name| policy.allows_name(name, self.port))
    }
}

/// Why not, and the host part of the rule that would allow it (none if no rule can).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) why: String,
    pub(super) host: Option<String>,
}

pub(super) fn judge(
    policy: &NetworkPolicy,
    never: &[IpNetwork],
    own_ports: &[u16],
    target: Target<'_>,
    address: IpAddr,
) -> Result<(), Refusal> {
    let address = address.to_canonical();
    if never.iter().any(|network| network.holds(address)) {
        let why = format!("this server lets no function reach {address}");
        return Err(Refusal { why, host: None });
    }
    if policy.allows_address(address, target.port) {
        return Ok(());
    }
    let literal = address.to_string();
    let refuse = |why: String, host: &str| {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Err(Refusal { why, host: Some(host) })
    };
    // A rule `*` also means every public address that is given as such.
    if !policy.allows_name(target.name.unwrap_or(&literal), target.port) {
        return refuse("no rule names it".to_owned(), target.name.unwrap_or(&literal));
    }
    if let Err(what) = address::public(address) {
        return refuse(format!("it is at {address}, {what}"), &literal);
    }
    if own_ports.contains(&target.port) && address::is_own(address) {
        return refuse(format!("it is this server itself, at {address}"), &literal);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(rules: &[&str]) -> NetworkPolicy {
        NetworkPolicy::parse(rules).expect("valid rules")
    }

    fn ask(policy: &NetworkPolicy, name: Option<&str>, address: &str, port: u16) -> Result<(), Refusal> {
        judge(policy, &[], &[], Target { name, port }, address.parse().expect("an address"))
    }

    #[test]
    fn a_name_that_leads_to_a_private_address_needs_a_rule_for_the_address() {
        let by_name = policy(&["db.example.com:5432"]);
        let refusal = ask(&by_name, Some("db.example.com"), "10.0.0.5", 5432).expect_err("private");
        assert_eq!(refusal.host.as_deref(), Some("10.0.0.5"));
        assert_eq!(ask(&by_name, Some("db.example.com"), "93.184.216.34", 5432), Ok(()));
        let both = policy(&["db.example.com:5432", "10.0.0.0/8:5432"]);
        assert_eq!(ask(&both, Some("db.example.com"), "10.0.0.5", 5432), Ok(()));
        assert!(ask(&both, Some("db.example.com"), "10.0.0.5", 443).is_err());
    }

    #[test]
    fn an_address_needs_a_rule_of_its_own_or_the_star() {
        assert!(ask(&policy(&["*.example.com"]), None, "93.184.216.34", 443).is_err());
        assert_eq!(ask(&policy(&["93.184.216.34"]), None, "93.184.216.34", 443), Ok(()));
        assert_eq!(ask(&policy(&["*"]), None, "93.184.216.34", 443), Ok(()));
        for inside in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::ffff:10.0.0.1"] {
            assert!(ask(&policy(&["*"]), None, inside, 443).is_err(), "{inside}");
        }
    }

    #[test]
    fn what_the_operator_forbids_no_rule_opens() {
        let never = [IpNetwork::parse("169.254.0.0/16").expect("a network").expect("valid")];
        let policy = policy(&["169.254.169.254:80"]);
        let target = Target { name: None, port: 80 };
        let address = "169.254.169.254".parse().expect("an address");
        let refusal = judge(&policy, &never, &[], target, address).expect_err("forbidden");
        assert_eq!(refusal.host, None);
        assert_eq!(judge(&policy, &[], &[], target, address), Ok(()));
    }

    #[test]
    fn a_refused_ipv6_address_is_shown_as_a_rule() {
        let refusal = ask(&policy(&["a.b"]), Some("a.b"), "fd00::1", 443).expect_err("private");
        assert_eq!(refusal.host.as_deref(), Some("[fd00::1]"));
    }
}
