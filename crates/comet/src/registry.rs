//! Where builds get packages from.

use nova_domain::fault::{Fault, FaultResult};
use nova_domain::network::{NetworkPolicy, NetworkRule};

/// The registries, and what else a build may reach.
#[derive(Debug, Clone)]
pub struct RegistrySettings {
    /// The simple index of Python packages.
    pub pip_index_url: String,
    pub npm_registry: String,
    /// The index of Ruby's gems.
    pub gem_source: String,
    /// `sparse+https://..`, as cargo writes it.
    pub cargo_registry: String,
    /// A proxy of Go modules, or `off`.
    pub go_proxy: String,
    /// Rules for hosts beside those of the addresses above: where indexes send for files.
    pub hosts: Vec<NetworkRule>,
}

impl RegistrySettings {
    /// Where gems are from if nothing else is said.
    pub(crate) const GEMS: &str = "https://rubygems.org";
    /// Where Go modules are from.
    pub(crate) const GO: &str = "https://proxy.golang.org";

    pub(crate) fn addresses(&self) -> [&str; 5] {
        [&self.pip_index_url, &self.npm_registry, &self.gem_source, &self.cargo_registry, &self.go_proxy]
    }

    /// What a build may reach: the registries' own hosts and the others named.
    pub fn policy(&self) -> FaultResult<NetworkPolicy> {
        let mut rules = self.hosts.clone();
        let registries =
            [&self.pip_index_url, &self.npm_registry, &self.gem_source, &self.cargo_registry, &self.go_proxy];
        for url in registries {
            if !url.is_empty() && url != "off" {
                rules.push(rule_of(url)?);
            }
        }
        NetworkPolicy::new(rules)
    }
}

/// The host and port of an address.
fn rule_of(url: &str) -> FaultResult<NetworkRule> {
    let bad =
        || Fault::invalid(format!("{url:?} is no address of a registry: write https://HOST[:PORT]/PATH"));
    let (scheme, rest) = url.strip_prefix("sparse+").unwrap_or(url).split_once("://").ok_or_else(bad)?;
    let port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(bad()),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A name and password before the host are for the tool.
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let rule = if has_port { host.to_owned() } else { format!("{host}:{port}") };
    NetworkRule::parse(&rule).map_err(|_| bad())
}

impl Default for RegistrySettings {
    fn default() -> Self {
        let hosts = ["files.pythonhosted.org", "static.crates.io", "sum.golang.org", "index.rubygems.org"];
        Self {
            pip_index_url: "https://pypi.org/simple".to_owned(),
            npm_registry: "https://registry.npmjs.org".to_owned(),
            gem_source: Self::GEMS.to_owned(),
            cargo_registry: "sparse+https://index.crates.io/".to_owned(),
            go_proxy: Self::GO.to_owned(),
            hosts: hosts.iter().filter_map(|host| NetworkRule::parse(host).ok()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_of_registries_can_be_reached_and_no_others() {
        let settings = RegistrySettings {
            npm_registry: "http://user:secret@127.0.0.1:4873/npm/".to_owned(),
            go_proxy: "off".to_owned(),
            hosts: Vec::new(),
            ..RegistrySettings::default()
        };
        let mut rules = settings.policy().expect("valid").texts();
        rules.sort();
        assert_eq!(rules, ["127.0.0.1:4873", "index.crates.io:443", "pypi.org:443", "rubygems.org:443"]);
        for bad in ["pypi.org", "ftp://a.b/", "https:///x"] {
            assert!(rule_of(bad).is_err(), "{bad}");
        }
    }
}
