//! Which addresses belong to the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Whether a name may lead there without a rule that names the address: `Err` says what it is.
pub(super) fn public(address: IpAddr) -> Result<(), &'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => public_v4(address),
        IpAddr::V6(address) => public_v6(address),
    }
}

fn public_v4(address: Ipv4Addr) -> Result<(), &'static str> {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (0, ..) => Err("an address of no host"),
        (127, ..) => Err("a loopback address of the server"),
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Err("a private address"),
        (100, 64..=127, _) => Err("an address inside a provider's network"),
        (169, 254, _) => Err("a link-local address"),
        (192, 0, 0) | (198, 18..=19, _) | (240..=255, ..) => Err("a reserved address"),
        (224..=239, ..) => Err("a multicast address"),
        _ => Ok(()),
    }
}

fn public_v6(address: Ipv6Addr) -> Result<(), &'static str> {
    let parts = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        [0, 0, 0, 0, 0, 0, 0, 0] => Err("an address of no host"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Err("a loopback address of the server"),
        // Addresses that carry an IPv4 address: compatible, translated (two prefixes), 6to4.
        [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..] => Err("an address of a tunnel"),
        [0x2002, high, low, ..] => embedded(high, low),
        [0xfc00..=0xfdff, ..] => Err("a private address"),
        [0xfe80..=0xfebf, ..] => Err("a link-local address"),
        [0xfec0..=0xfeff, ..] => Err("a private address"),
        [0xff00..=0xffff, ..] => Err("a multicast address"),
        [0x2000..=0x3fff, ..] => Ok(()),
        _ => Err("a reserved address"),
    }
}

/// Whether the address is one of this host's own: only those can be bound.
pub(super) fn is_own(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_internet_is_told_apart() {
        for refused in [
            "0.0.0.0",
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(public(refused.parse().expect("an address")).is_err(), "{refused}");
        }
        for fine in
            ["1.1.1.1", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1111", "64:ff9b::101:101"]
        {
            assert_eq!(public(fine.parse().expect("an address")), Ok(()), "{fine}");
        }
    }

    #[test]
    fn loopback_is_the_hosts_own_and_a_far_address_is_not() {
        assert!(is_own("127.0.0.1".parse().expect("an address")));
        assert!(!is_own("198.51.100.77".parse().expect("an address")));
    }
}
