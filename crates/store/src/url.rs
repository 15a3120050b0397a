//! Where the database is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use nova_domain::Fault;

/// Where the database is: `sqlite:DIR` or `postgres://user:password@host/name`. Neither
/// `Debug` nor `Display` shows a password.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// Three files in this directory.
    Sqlite(PathBuf),
    /// A PostgreSQL server (version 13 or newer).
    Postgres(Box<tokio_postgres::Config>),
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
        // tokio-postgres names the offending part in its error; a password could be one.
        let config =
            tokio_postgres::Config::from_str(text).map_err(|_| bad("the postgres:// URL cannot be read"))?;
        if config.get_hosts().is_empty() {
            return Err(bad("the postgres:// URL names no host"));
        }
        if config.get_user().is_none() {
            return Err(bad("the postgres:// URL names no user"));
        }
        Ok(Self::Postgres(Box::new(config)))
    }
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
            Self::Postgres(config) => config,
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
