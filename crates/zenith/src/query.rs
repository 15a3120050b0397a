//! Parameters out of path, query and headers, with faults that name them.

use std::time::Duration;

use axum::extract::{FromRequestParts, RawPathParams};
use http::HeaderMap;
use http::header;
use http::request::Parts;
use nova_aurora::PageRequest;
use nova_domain::call::Qualifier;
use nova_domain::{Clock, Fault, FaultResult, FunctionName, Timestamp};

use crate::refused::Refused;

/// Parameters of the path, decoded.
pub(crate) struct PathParams(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for PathParams {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Fault::invalid("the path is not valid UTF-8 once it is decoded"))?;
        Ok(Self(params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }
}

impl PathParams {
    /// The parameter of that name; routes and handlers agree on it.
    pub(crate) fn get(&self, name: &str) -> FaultResult<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| Fault::internal(format!("no path parameter {name}")))
    }

    /// The function's name.
    pub(crate) fn function(&self) -> FaultResult<FunctionName> {
        FunctionName::new(self.get("name")?)
    }

    /// A version number.
    pub(crate) fn version(&self, name: &str) -> FaultResult<u32> {
        let text = self.get(name)?;
        let number = text.strip_prefix('v').unwrap_or(text).parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| {
            Fault::invalid(format!("version {:?} is no number; versions count from 1", cut(text)))
                .with_field(name, "a whole number from 1")
        })
    }
}

/// Parameters of the query.
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        Ok(Self::parse(parts.uri.query()))
    }
}

impl Query {
    fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The value of a parameter; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A whole number within bounds.
    pub(crate) fn number(&self, name: &str, low: u32, high: u32) -> FaultResult<Option<u32>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) if (low..=high).contains(&number) => Ok(Some(number)),
            _ => {
                let rule = format!("must be a whole number, {low} to {high}");
                Err(Fault::invalid(format!("parameter {name} {rule}, is {:?}", cut(text)))
                    .with_field(name, rule))
            }
        }
    }

    /// `true` or `false` (`1`, `0`); there without a value is `true`.
    pub(crate) fn flag(&self, name: &str) -> FaultResult<bool> {
        match self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()) {
            None | Some("false" | "0") => Ok(false),
            Some("" | "true" | "1") => Ok(true),
            Some(other) => {
                Err(Fault::invalid(format!("parameter {name} is true or false, not {:?}", cut(other)))
                    .with_field(name, "true or false"))
            }
        }
    }

    /// A time: RFC 3339, or how long ago (`90s`, `10m`, `2h`, `7d`).
    pub(crate) fn time(&self, name: &str, clock: &dyn Clock) -> FaultResult<Option<Timestamp>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        if let Some(ago) = duration(text) {
            let micros = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
            return Ok(Some(clock.now().plus_micros(micros.saturating_neg())));
        }
        nova_api::time::parse(name, text).map(Some)
    }

    /// Which part of a list is wanted.
    pub(crate) fn page(&self) -> FaultResult<PageRequest> {
        let limit = self.number("limit", 1, 500)?.unwrap_or(50);
        PageRequest::new(limit, self.get("cursor").map(str::to_owned))
    }

    /// `?qualifier=`.
    pub(crate) fn qualifier(&self) -> FaultResult<Qualifier> {
        Qualifier::parse(self.get("qualifier").unwrap_or_default())
    }
}

/// `10m` and the like.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.saturating_mul(seconds)))
}

/// The revision in `If-Match`, if there is one; `*` is any.
pub(crate) fn if_match(headers: &HeaderMap) -> FaultResult<Option<u64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let text = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
    text.parse().map(Some).map_err(|_| {
        Fault::invalid("header If-Match must hold one revision, as ETag gave it: If-Match: \"3\"")
            .with_field("If-Match", "one revision")
    })
}

/// Short enough for a message.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Noon;
    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(1_000_000_000)
        }
    }

    #[test]
    fn times_are_points_or_durations_ago() {
        let at = |text: &str| Query::parse(Some(text)).time("since", &Noon);
        let micros = |text: &str| at(text).expect("valid").map(Timestamp::as_micros);
        assert_eq!(micros("since=10m"), Some(400_000_000));
        assert_eq!(micros("since=1970-01-01T00:00:01Z"), Some(1_000_000));
        assert_eq!(micros("since="), None);
        assert!(at("since=soon").is_err());
        assert!(micros("since=99999999999999999d").is_some_and(|micros| micros < 0));
    }

    #[test]
    fn numbers_and_flags_name_the_parameter_that_is_wrong() {
        let query = Query::parse(Some("limit=501&follow=maybe&tail=x&q=a%20b"));
        assert!(query.page().expect_err("too many").message().contains("limit"));
        assert!(query.flag("follow").expect_err("no flag").message().contains("follow"));
        assert!(query.number("tail", 0, 1000).is_err());
        assert_eq!(query.get("q"), Some("a b"));
    }
}
