//! Where the database is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use nova_domain::Fault;
use tokio_postgres::config::SslMode;

use crate::postgres::tls::{Tls, Verify};

/// Where the database is: `sqlite:DIR` or `postgres://user:password@host/name`. Neither
/// `Debug` nor `Display` shows a password.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// Three files in this directory.
    Sqlite(PathBuf),
    /// A PostgreSQL server (version 13 or newer).
    Postgres(Box<PostgresUrl>),
}

/// A server, and how connections to it are encrypted.
#[derive(Clone)]
pub struct PostgresUrl {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) tls: Tls,
}

impl DatabaseUrl {
    /// Parses `sqlite:DIR` or a `postgres://` URL. The fault never repeats the text, which
    /// may hold a password.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = |why: &str| {
            Fault::invalid(format!("the database setting is not valid: {why}"))
                .with_field("database", "use sqlite:DIR or postgres://user:password@host:port/name")
        };
        if let Some(dir) = text.strip_prefix("sqlite:") {
            let dir = dir.strip_prefix("//").unwrap_or(dir);
            if dir.is_empty() || dir.contains('\0') {
                return Err(bad("sqlite: needs a directory"));
            }
            return Ok(Self::Sqlite(PathBuf::from(dir)));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(bad("it begins with neither sqlite: nor postgres://"));
        }
        let (text, tls, mode) = take_tls(text).map_err(|why| bad(&why))?;
        // tokio-postgres names the offending part in its error; a password could be one.
        let mut config =
            tokio_postgres::Config::from_str(&text).map_err(|_| bad("the postgres:// URL cannot be read"))?;
        if config.get_hosts().is_empty() {
            return Err(bad("the postgres:// URL names no host"));
        }
        if config.get_user().is_none() {
            return Err(bad("the postgres:// URL names no user"));
        }
        config.ssl_mode(mode);
        Ok(Self::Postgres(Box::new(PostgresUrl { config, tls })))
    }
}

/// Takes what is said of TLS out of a `postgres://` URL: `tokio_postgres` knows less of it.
fn take_tls(text: &str) -> Result<(String, Tls, SslMode), String> {
    let (mut tls, mut mode) = (Tls::default(), None);
    let Some((rest, query)) = text.split_once('?') else {
        return Ok((text.to_owned(), tls, SslMode::Prefer));
    };
    let mut others = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_encoding::percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| format!("the value of `{name}` is not UTF-8"))?;
        match name {
            "sslmode" => {
                (mode, tls.verify) = match value.as_ref() {
                    "disable" => (Some(SslMode::Disable), Verify::Nothing),
                    "prefer" => (Some(SslMode::Prefer), Verify::Nothing),
                    "require" => (Some(SslMode::Require), Verify::Nothing),
                    "verify-ca" => (Some(SslMode::Require), Verify::Authority),
                    "verify-full" => (Some(SslMode::Require), Verify::Full),
                    _ => {
                        return Err(
                            "sslmode must be disable, prefer, require, verify-ca or verify-full".to_owned()
                        );
                    }
                };
            }
            "sslrootcert" if value.is_empty() => return Err("sslrootcert names no file".to_owned()),
            "sslrootcert" => tls.roots = (value != "system").then(|| PathBuf::from(value.as_ref())),
            "sslcert" | "sslkey" | "sslcrl" => {
                return Err(format!("`{name}` is not there: certificates of clients are not supported"));
            }
            _ => others.push(pair),
        }
    }
    // As libpq has it: who names an authority wants it to be looked at.
    if tls.roots.is_some() && mode == Some(SslMode::Require) && tls.verify == Verify::Nothing {
        tls.verify = Verify::Authority;
    }
    if tls.roots.is_some() && tls.verify == Verify::Nothing {
        return Err("sslrootcert has no use without sslmode=verify-full (or verify-ca, require)".to_owned());
    }
    let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
    Ok((format!("{rest}{query}"), tls, mode.unwrap_or(SslMode::Prefer)))
}

impl FromStr for DatabaseUrl {
    type Err = Fault;
    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::parse(text)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use tokio_postgres::config::Host;
        let config = match self {
            Self::Sqlite(dir) => return write!(f, "sqlite:{}", dir.display()),
            Self::Postgres(target) => &target.config,
        };
        write!(f, "postgres://{}", config.get_user().unwrap_or_default())?;
        if config.get_password().is_some() {
            f.write_str(":***")?;
        }
        f.write_str("@")?;
        for (index, host) in config.get_hosts().iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{separator}{name}")?,
                Host::Unix(path) => write!(f, "{separator}{}", path.display())?,
            }
            if let Some(port) = config.get_ports().get(index).or(config.get_ports().first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", config.get_dbname().or(config.get_user()).unwrap_or_default())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        let url = DatabaseUrl::parse("postgres://nova:hunter2@db.local:5433/app").expect("valid");
        assert_eq!(url.to_string(), "postgres://nova:***@db.local:5433/app");
        assert!(!format!("{url:?}").contains("hunter2"));
        let fault = DatabaseUrl::parse("postgres://nova:hunter2@db:notaport/app").expect_err("bad port");
        assert!(!fault.log_line().contains("hunter2"));
    }

    #[test]
    fn what_a_url_says_of_tls_is_understood_or_refused() {
        let parsed = |query: &str| DatabaseUrl::parse(&format!("postgres://u@h/d{query}"));
        let tls = |query: &str| match parsed(query) {
            Ok(DatabaseUrl::Postgres(target)) => {
                assert_eq!(
                    target.config.get_application_name(),
                    query.contains("nova-x").then_some("nova-x")
                );
                (target.config.get_ssl_mode(), target.tls.verify, target.tls.roots)
            }
            other => panic!("{query}: {other:?}"),
        };
        assert_eq!(tls(""), (SslMode::Prefer, Verify::Nothing, None));
        assert_eq!(tls("?sslmode=disable"), (SslMode::Disable, Verify::Nothing, None));
        assert_eq!(
            tls("?sslmode=require&application_name=nova-x"),
            (SslMode::Require, Verify::Nothing, None)
        );
        let file = Some(PathBuf::from("/a b.pem"));
        assert_eq!(
            tls("?application_name=nova-x&sslrootcert=%2Fa%20b.pem&sslmode=verify-full"),
            (SslMode::Require, Verify::Full, file.clone())
        );
        assert_eq!(
            tls("?sslmode=require&sslrootcert=/a%20b.pem"),
            (SslMode::Require, Verify::Authority, file)
        );
        assert_eq!(tls("?sslmode=verify-full&sslrootcert=system"), (SslMode::Require, Verify::Full, None));
        for (query, why) in [
            ("?sslmode=full", "verify-full"),
            ("?sslmode=verify-full&sslrootcert=", "sslrootcert"),
            ("?sslrootcert=/ca.pem", "sslmode"),
            ("?sslmode=disable&sslrootcert=/ca.pem", "sslmode"),
            ("?sslmode=require&sslkey=/key.pem", "sslkey"),
        ] {
            let fault = parsed(query).expect_err(query);
            assert!(fault.message().contains(why), "{query}: {}", fault.message());
        }
    }

    #[test]
    fn sqlite_urls_name_a_directory_and_other_schemes_are_refused() {
        let dir = |text: &str| match DatabaseUrl::parse(text) {
            Ok(DatabaseUrl::Sqlite(dir)) => dir.display().to_string(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(dir("sqlite:/var/lib/nova"), "/var/lib/nova");
        assert_eq!(dir("sqlite:///var/lib/nova"), "/var/lib/nova");
        assert_eq!(dir("sqlite:data"), "data");
        for bad in ["", "sqlite:", "mysql://x", "postgres://", "postgres:///x", "/var/lib"] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
