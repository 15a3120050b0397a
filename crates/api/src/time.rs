//! Times on the wire: RFC 3339, UTC, six fractional digits.

use nova_domain::{Fault, Timestamp};

/// `2026-11-21T09:30:00.000000Z`. Times outside the years -9999 to 9999 are shown at that bound.
pub fn format(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(if at.as_micros() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    format!("{at:.6}")
}

/// Parses RFC 3339 with any offset. `field` names the parameter in the fault.
pub fn parse(field: &str, text: &str) -> Result<Timestamp, Fault> {
    let parsed = text.parse::<jiff::Timestamp>();
    parsed.map(|at| Timestamp::from_micros(at.as_microsecond())).map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        Fault::invalid(format!("{field} {shown:?} is not a time; write it like 2026-11-21T09:30:00Z"))
            .with_field(field, "RFC 3339, e.g. 2026-11-21T09:30:00Z")
    })
}

/// For `#[serde(with = "..")]` on a [`Timestamp`].
pub mod rfc3339 {
    use nova_domain::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the text form.
    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::format(*at))
    }

    /// Reads the text form.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        super::parse("time", &text).map_err(serde::de::Error::custom)
    }

    /// The same for a time that may be null.
    pub mod option {
        use nova_domain::Timestamp;
        use serde::{Deserialize, Deserializer, Serializer};

        /// Writes the text form or null.
        pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
            match at {
                Some(at) => super::serialize(at, serializer),
                None => serializer.serialize_none(),
            }
        }

        /// Reads the text form or null.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Timestamp>, D::Error> {
            let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            text.map(|text| crate::time::parse("time", &text).map_err(serde::de::Error::custom)).transpose()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_microseconds_and_take_any_offset() {
        let at = Timestamp::from_micros(1_763_717_400_000_007);
        assert_eq!(format(at), "2025-11-21T09:30:00.000007Z");
        assert_eq!(parse("since", &format(at)).expect("own text"), at);
        let east = parse("since", "2025-11-21T10:30:00.000007+01:00").expect("offset");
        assert_eq!(east, at);
        assert!(parse("since", "yesterday").is_err());
    }

    #[test]
    fn times_out_of_range_are_shown_at_the_bound_instead_of_failing() {
        assert!(format(Timestamp::from_micros(i64::MAX)).starts_with("9999-"));
        assert!(format(Timestamp::from_micros(i64::MIN)).starts_with("-009999-"));
    }
}
