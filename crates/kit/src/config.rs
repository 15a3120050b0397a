//! Layered configuration: defaults < file < environment < flags. Every value knows where
//! it came from; an unknown key is an error that names the nearest known one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use toml::{Table, Value};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(String),
    Environment(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Why configuration could not be loaded.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{path}: {reason}")]
    Read { path: String, reason: std::io::Error },
    #[error("{path}: {reason}")]
    Syntax { path: String, reason: Box<toml::de::Error> },
    #[error("{origin}: `{key}` is not a setting{hint}")]
    Unknown { origin: Origin, key: String, hint: String },
    #[error("{origin}: `{key}` must be {expected}, not {found}")]
    Type { origin: Origin, key: String, expected: &'static str, found: String },
    #[error("{0}")]
    Invalid(String),
}

/// A type that can be loaded: all settings have defaults of their final type.
pub trait Settings: Default + Serialize + DeserializeOwned {
    /// Dotted keys whose values are never shown.
    const SECRETS: &'static [&'static str];

    /// Checks across settings.
    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// A loaded configuration.
#[derive(Debug, Clone)]
pub struct Loaded<T> {
    pub settings: T,
    values: BTreeMap<String, (Value, Origin)>,
}

impl<T: Settings> Loaded<T> {
    /// Every key with its value as text (secrets and passwords in addresses hidden) and its origin.
    pub fn shown(&self) -> impl Iterator<Item = (&str, String, &Origin)> {
        self.values.iter().map(|(key, (value, origin))| {
            let text = if T::SECRETS.contains(&key.as_str()) {
                if matches!(value, Value::String(text) if text.is_empty()) {
                    "\"\"".into()
                } else {
                    "(hidden)".into()
                }
            } else {
                redact_address(&value.to_string())
            };
            (key.as_str(), text, origin)
        })
    }
}

/// Takes passwords out of `scheme://user:password@host`.
pub fn redact_address(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:(hidden)@{host}{}", &rest[end..])
        }
        None => text.to_owned(),
    }
}

/// The name of the environment variable for a dotted key: `server.listen` is `NOVA_SERVER_LISTEN`.
pub fn env_name(key: &str) -> String {
    format!("NOVA_{}", key.to_uppercase().replace('.', "_"))
}

/// Where values come from beside the defaults.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    pub file: Option<&'a Path>,
    /// Variables beginning with `NOVA_`, without those in `ignored_env`.
    pub env: Vec<(String, String)>,
    /// Variables that are no settings of the server.
    pub ignored_env: &'a [&'a str],
    /// (name of the flag, dotted key, value).
    pub flags: Vec<(String, &'static str, Value)>,
    /// (dotted key, text that becomes the setting's type), of the flag `--set`. They go last.
    pub set: Vec<(String, String)>,
}

/// Loads and checks.
pub fn load<T: Settings>(sources: &Sources<'_>) -> Result<Loaded<T>, ConfigError> {
    let defaults = Value::try_from(T::default()).map_err(|error| ConfigError::Invalid(error.to_string()))?;
    let mut values = BTreeMap::new();
    flatten("", &defaults, &mut |key, value| {
        values.insert(key, (value.clone(), Origin::Default));
    });
    if let Some(path) = sources.file {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|reason| ConfigError::Read { path: shown.clone(), reason })?;
        let table: Table = toml::from_str(&text)
            .map_err(|reason| ConfigError::Syntax { path: shown.clone(), reason: Box::new(reason) })?;
        let mut found = Vec::new();
        flatten("", &Value::Table(table), &mut |key, value| found.push((key, value.clone())));
        for (key, value) in found {
            set(&mut values, &key, value, Origin::File(shown.clone()))?;
        }
    }
    for (name, text) in &sources.env {
        if sources.ignored_env.contains(&name.as_str()) {
            continue;
        }
        let origin = Origin::Environment(name.clone());
        let key = values.keys().find(|key| env_name(key) == *name).cloned();
        let Some(key) = key else {
            let names: Vec<String> = values.keys().map(|key| env_name(key)).collect();
            return Err(unknown(name, names.iter().map(String::as_str), origin));
        };
        let value = parse_text(&values[&key].0, &key, text, &origin)?;
        set(&mut values, &key, value, origin)?;
    }
    for (flag, key, value) in &sources.flags {
        set(&mut values, key, value.clone(), Origin::Flag(flag.clone()))?;
    }
    for (key, text) in &sources.set {
        let origin = Origin::Flag("--set".to_owned());
        let Some((default, _)) = values.get(key) else {
            return Err(unknown(key, values.keys().map(String::as_str), origin));
        };
        let value = parse_text(default, key, text, &origin)?;
        set(&mut values, key, value, origin)?;
    }
    let settings: T = unflatten(&values)
        .try_into()
        .map_err(|error: toml::de::Error| ConfigError::Invalid(error.to_string()))?;
    settings.validate()?;
    Ok(Loaded { settings, values })
}

type Values = BTreeMap<String, (Value, Origin)>;

fn flatten(prefix: &str, value: &Value, out: &mut impl FnMut(String, &Value)) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&path, value, out);
            }
        }
        other => out(prefix.to_owned(), other),
    }
}

fn unflatten(values: &Values) -> Value {
    let mut root = Table::new();
    for (key, (value, _)) in values {
        let mut parts: Vec<&str> = key.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        let mut table = &mut root;
        for part in parts {
            let entry = table.entry(part.to_owned()).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = entry else { unreachable!("a section is a table by construction") };
            table = inner;
        }
        table.insert(last.to_owned(), value.clone());
    }
    Value::Table(root)
}

fn set(values: &mut Values, key: &str, value: Value, origin: Origin) -> Result<(), ConfigError> {
    let Some(slot) = values.get_mut(key) else {
        return Err(unknown(key, values.keys().map(String::as_str), origin));
    };
    let value = match (&slot.0, value) {
        // 1 is a fine way to write 1.0.
        (Value::Float(_), Value::Integer(number)) => Value::Float(number as f64),
        (_, value) => value,
    };
    if !slot.0.same_type(&value) {
        return Err(ConfigError::Type {
            origin,
            key: key.to_owned(),
            expected: slot.0.type_str(),
            found: format!("{} {value}", value.type_str()),
        });
    }
    *slot = (value, origin);
    Ok(())
}

fn parse_text(default: &Value, key: &str, text: &str, origin: &Origin) -> Result<Value, ConfigError> {
    let parsed = match default {
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => match text {
            "1" | "true" | "yes" | "on" => Some(Value::Boolean(true)),
            "0" | "false" | "no" | "off" => Some(Value::Boolean(false)),
            _ => None,
        },
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => Some(Value::String(text.to_owned())),
    };
    parsed.ok_or_else(|| ConfigError::Type {
        origin: origin.clone(),
        key: key.to_owned(),
        expected: default.type_str(),
        found: format!("{text:?}"),
    })
}

fn unknown<'a>(key: &str, known: impl Iterator<Item = &'a str>, origin: Origin) -> ConfigError {
    // By common beginnings more than by length: a name that was cut short means the one it begins.
    let nearest = known.max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    let hint = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    ConfigError::Unknown { origin, key: key.to_owned(), hint }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    struct Server {
        listen: String,
        workers: i64,
        ratio: f64,
        dev: bool,
    }

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    struct Sample {
        server: Server,
        key: String,
    }

    impl Default for Sample {
        fn default() -> Self {
            let server = Server { listen: "127.0.0.1:1".into(), workers: 2, ratio: 0.5, dev: false };
            Self { server, key: String::new() }
        }
    }

    impl Settings for Sample {
        const SECRETS: &'static [&'static str] = &["key"];
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("temp file");
        std::fs::write(file.path(), text).expect("written");
        file
    }

    #[test]
    fn later_layers_win_and_every_value_knows_its_origin() {
        let file = file("key = \"s3cret\"\n[server]\nworkers = 3\nratio = 1\n");
        let sources = Sources {
            file: Some(file.path()),
            env: vec![("NOVA_SERVER_WORKERS".into(), "4".into())],
            flags: vec![("--listen".into(), "server.listen", Value::String("x".into()))],
            ..Sources::default()
        };
        let loaded: Loaded<Sample> = load(&sources).expect("valid");
        assert_eq!(loaded.settings.server, Server { listen: "x".into(), workers: 4, ratio: 1.0, dev: false });
        let shown: Vec<String> =
            loaded.shown().map(|(key, value, origin)| format!("{key}={value} ({origin})")).collect();
        assert!(
            shown.contains(&"server.workers=4 (environment NOVA_SERVER_WORKERS)".to_owned()),
            "{shown:?}"
        );
        assert!(shown.contains(&"server.dev=false (default)".to_owned()));
        assert!(!shown.concat().contains("s3cret"));
    }

    #[test]
    fn what_is_set_by_flag_goes_last_has_its_type_and_says_where_it_is_from() {
        let sources = Sources {
            env: vec![("NOVA_SERVER_WORKERS".into(), "4".into())],
            set: vec![("server.workers".into(), "5".into())],
            ..Sources::default()
        };
        let loaded: Loaded<Sample> = load(&sources).expect("valid");
        assert_eq!(loaded.settings.server.workers, 5);
        assert!(
            loaded
                .shown()
                .any(|(key, _, origin)| key == "server.workers" && origin.to_string() == "flag --set")
        );
        for (key, text, says) in [
            ("server.workers", "x", "flag --set: `server.workers` must be integer"),
            ("server.work", "1", "did you mean `server.workers`"),
        ] {
            let sources = Sources { set: vec![(key.into(), text.into())], ..Sources::default() };
            let error = load::<Sample>(&sources).expect_err("refused").to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        let file = file("[server]\nlissten = \"x\"\n");
        let sources = Sources { file: Some(file.path()), ..Sources::default() };
        let error = load::<Sample>(&sources).expect_err("unknown").to_string();
        assert!(
            error.contains("server.lissten") && error.contains("did you mean `server.listen`"),
            "{error}"
        );
        let sources = Sources { env: vec![("NOVA_SERVER_DEVV".into(), "1".into())], ..Sources::default() };
        let error = load::<Sample>(&sources).expect_err("unknown").to_string();
        assert!(error.contains("NOVA_SERVER_DEV`"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_type_says_what_is_expected() {
        let sources =
            Sources { env: vec![("NOVA_SERVER_WORKERS".into(), "many".into())], ..Sources::default() };
        let error = load::<Sample>(&sources).expect_err("type").to_string();
        assert!(error.contains("must be integer") && error.contains("many"), "{error}");
    }

    #[test]
    fn passwords_in_addresses_are_hidden() {
        assert_eq!(redact_address("postgres://u:p@h:1/d"), "postgres://u:(hidden)@h:1/d");
        assert_eq!(redact_address("sqlite:/x"), "sqlite:/x");
    }
}
