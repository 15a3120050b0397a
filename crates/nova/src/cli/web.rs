//! `nova fn update`: pages of other origins, and how many requests an address takes.

use clap::Args;
use nova_api::v1::{CorsBody, FunctionView, Patch};
use nova_domain::http::HttpAccess;

#[derive(Debug, Args)]
pub(super) struct WebArgs {
    /// Let pages of an origin read what its address answers, repeatable: `https://app.example`, or `*`.
    /// Each --cors-.. flag sets its list anew; the others stay.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    cors_origins: Vec<String>,
    /// A method that those pages may use, repeatable [default: any].
    #[arg(long = "cors-method", value_name = "METHOD")]
    cors_methods: Vec<String>,
    /// A header that they may send, repeatable; `*`: any.
    #[arg(long = "cors-header", value_name = "NAME")]
    cors_headers: Vec<String>,
    /// A header of answers that they may read, repeatable; `*`: any.
    #[arg(long = "cors-expose-header", value_name = "NAME")]
    cors_expose_headers: Vec<String>,
    /// Whether browsers send cookies along.
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    cors_credentials: Option<bool>,
    /// How long browsers may keep what they were told: seconds, or 90s, 10m, 1h [default: 10m].
    #[arg(long, value_name = "TIME")]
    cors_max_age: Option<String>,
    /// Leave it to the function's own answers what pages of other origins may.
    #[arg(long)]
    no_cors: bool,
    /// Requests in a second that its address takes; `any`, or `default`: as the server says.
    #[arg(long, value_name = "COUNT", value_parser = rate)]
    http_rate: Option<Patch<u32>>,
    /// The same for one client of a public or signed address.
    #[arg(long, value_name = "COUNT", value_parser = rate)]
    http_client_rate: Option<Patch<u32>>,
}

fn rate(text: &str) -> Result<Patch<u32>, String> {
    match text {
        "default" => Ok(Patch::Null),
        "any" => Ok(Patch::Value(0)),
        text => match text.parse() {
            Ok(count) => Ok(Patch::Value(count)),
            Err(_) => Err("write a number, `any` or `default`".to_owned()),
        },
    }
}

impl WebArgs {
    /// Whether a part of what pages of other origins may is to be changed.
    pub(super) fn changes_cors(&self) -> bool {
        let lists = [&self.cors_origins, &self.cors_methods, &self.cors_headers, &self.cors_expose_headers];
        lists.iter().any(|list| !list.is_empty())
            || self.cors_credentials.is_some()
            || self.cors_max_age.is_some()
    }

    /// What pages of other origins may, with what is said; `present`: as it is.
    pub(super) fn cors(&self, present: Option<CorsBody>) -> anyhow::Result<Patch<CorsBody>> {
        if !self.changes_cors() {
            return Ok(if self.no_cors { Patch::Null } else { Patch::Absent });
        }
        let mut cors = present.filter(|_| !self.no_cors).unwrap_or_default();
        for (list, said) in [
            (&mut cors.origins, &self.cors_origins),
            (&mut cors.methods, &self.cors_methods),
            (&mut cors.headers, &self.cors_headers),
            (&mut cors.expose_headers, &self.cors_expose_headers),
        ] {
            if !said.is_empty() {
                list.clone_from(said);
            }
        }
        cors.credentials = self.cors_credentials.unwrap_or(cors.credentials);
        if let Some(text) = &self.cors_max_age {
            cors.max_age_s = super::rollout::seconds(text)?;
        }
        Ok(Patch::Value(cors))
    }

    pub(super) fn rate(&self) -> Patch<u32> {
        self.http_rate.unwrap_or_default()
    }

    pub(super) fn client_rate(&self) -> Patch<u32> {
        self.http_client_rate.unwrap_or_default()
    }
}

/// What `nova fn show` says of it, where the function has an address.
pub(super) fn lines(view: &FunctionView) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if view.http == HttpAccess::Off {
        return lines;
    }
    if let Some(cors) = &view.http_cors {
        let list = |name: &str, list: &[String]| match list {
            [] => String::new(),
            list => format!("; {name} {}", list.join(", ")),
        };
        let credentials = if cors.credentials { "; with credentials" } else { "" };
        lines.push((
            "cors",
            format!(
                "{}{}{}{}{credentials}; kept for {} s",
                cors.origins.join(", "),
                list("methods", &cors.methods),
                list("headers", &cors.headers),
                list("exposed", &cors.expose_headers),
                cors.max_age_s
            ),
        ));
    }
    for (label, rate, whose) in
        [("rate", view.http_rate, "all"), ("rate", view.http_client_rate, "one client")]
    {
        match rate {
            None => {}
            Some(0) => lines.push((label, format!("any number of requests of {whose}"))),
            Some(rate) => lines.push((label, format!("{rate} requests in a second of {whose}"))),
        }
    }
    lines
}
