//! Values of secrets do not get into logs and error texts, even if user code prints them.

use nova_domain::SecretName;
use nova_domain::call::FunctionError;
use nova_domain::log::LogLine;
use nova_domain::secret::SecretValue;
use zeroize::Zeroizing;

/// Shorter values are not looked for: they are found in texts that have nothing to do with them.
const MASKED_MIN: usize = 6;

/// Replaces values of secrets in texts by their names. What a function answers is its own and
/// stays as it is.
#[derive(Default)]
pub(crate) struct Mask(Vec<(Zeroizing<String>, String)>);

impl Mask {
    /// A mask of these secrets, also of the single lines of values that have several.
    pub(crate) fn new(secrets: &[(SecretName, SecretValue)]) -> Self {
        let mut parts: Vec<(Zeroizing<String>, String)> = Vec::new();
        for (name, value) in secrets {
            let lines = value.expose().lines().map(str::trim);
            for part in std::iter::once(value.expose()).chain(lines) {
                let known = parts.iter().any(|(known, _)| known.as_str() == part);
                if part.len() >= MASKED_MIN && !known {
                    parts.push((Zeroizing::new(part.to_owned()), format!("[secret {name}]")));
                }
            }
        }
        // The longest first: one value may be the beginning of another.
        parts.sort_by_key(|(part, _)| std::cmp::Reverse(part.len()));
        Self(parts)
    }

    /// A mask of what is before the host in these addresses: a name and password.
    pub(crate) fn of_addresses<'a>(urls: impl IntoIterator<Item = &'a str>) -> Self {
        let mut parts: Vec<(Zeroizing<String>, String)> = Vec::new();
        for url in urls {
            let Some((_, rest)) = url.split_once("://") else { continue };
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let Some((login, _)) = authority.rsplit_once('@') else { continue };
            let password = login.split_once(':').map_or(login, |(_, password)| password);
            let plain = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
            parts.push((Zeroizing::new(format!("{login}@")), "***@".to_owned()));
            for secret in [password, plain.as_ref()] {
                if secret.len() >= MASKED_MIN {
                    parts.push((Zeroizing::new(secret.to_owned()), "***".to_owned()));
                }
            }
        }
        parts.sort_by_key(|(part, _)| std::cmp::Reverse(part.len()));
        Self(parts)
    }

    pub(crate) fn lines(&self, lines: &mut [LogLine]) {
        if self.0.is_empty() {
            return;
        }
        for line in lines {
            self.text(&mut line.text);
        }
    }

    pub(crate) fn error(&self, error: &mut FunctionError) {
        self.text(&mut error.message);
        for frame in &mut error.stack {
            self.text(frame);
        }
    }

    fn text(&self, text: &mut String) {
        for (value, name) in &self.0 {
            if text.contains(value.as_str()) {
                *text = text.replace(value.as_str(), name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(values: &[(&str, &str)], text: &str) -> String {
        let secrets: Vec<_> = values
            .iter()
            .map(|(name, value)| {
                let name = SecretName::new(name).expect("valid");
                (name, SecretValue::new((*value).to_owned()).expect("valid"))
            })
            .collect();
        let mut text = text.to_owned();
        Mask::new(&secrets).text(&mut text);
        text
    }

    #[test]
    fn values_are_replaced_by_the_name_of_their_secret() {
        assert_eq!(masked(&[("db", "hunter22")], "no hunter22 here"), "no [secret db] here");
        assert_eq!(masked(&[("db", "hunter22")], "nothing"), "nothing");
    }

    #[test]
    fn the_longer_of_two_values_goes_first() {
        let both = [("short", "abcdef"), ("long", "abcdefgh")];
        assert_eq!(masked(&both, "abcdefgh abcdef"), "[secret long] [secret short]");
    }

    #[test]
    fn single_lines_of_a_value_are_masked_and_very_short_values_are_not() {
        assert_eq!(masked(&[("pem", "BEGIN KEY\nc2VjcmV0\n")], "line c2VjcmV0"), "line [secret pem]");
        assert_eq!(masked(&[("pin", "1")], "1 and 1"), "1 and 1");
    }
}
