//! How browsers know this server: its own `Origin`s.

use http::{HeaderMap, HeaderValue, Request, header};
use nova_api::headers;

/// Schemes and hosts that pages of this server come from.
#[derive(Debug, Clone, Default)]
pub struct Site {
    tls: bool,
    public: Vec<String>,
}

impl Site {
    /// A server that speaks TLS itself or not, and `public` origins (`https://nova.example`) under
    /// which a proxy offers it.
    pub fn new(tls: bool, public: impl IntoIterator<Item = String>) -> Self {
        let trimmed = |origin: String| origin.trim_end_matches('/').to_ascii_lowercase();
        Self { tls, public: public.into_iter().map(trimmed).filter(|origin| !origin.is_empty()).collect() }
    }

    /// Whether browsers reach it by TLS only, so that its cookies need not travel in the clear.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls
            || (!self.public.is_empty() && self.public.iter().all(|origin| origin.starts_with("https://")))
    }

    /// Whether a browser says that this request was made by a page of this server.
    ///
    /// A cookie goes along with requests of foreign pages too: pages on another port of this host
    /// are of the same site. They cannot hide their `Origin` where they may read the answer or
    /// change something. Plain reads of our own pages have none; there the browser says
    /// `Sec-Fetch-Site`, or (without TLS) the console sets a header that no foreign page can.
    pub(crate) fn is_own_page<B>(&self, request: &Request<B>) -> bool {
        let headers = request.headers();
        match one(headers, header::ORIGIN.as_str()) {
            Found::One(origin) => self.is_own(origin, request),
            Found::Many => false,
            Found::None => {
                let fetched = headers.get("sec-fetch-site");
                fetched.map_or_else(|| headers.contains_key(headers::CONSOLE), |site| site == "same-origin")
            }
        }
    }

    /// Where browsers find this server, for addresses that others send them to.
    pub(crate) fn address<B>(&self, request: &Request<B>) -> Option<String> {
        if let Some(public) = self.public.first() {
            return Some(public.clone());
        }
        let host = match (request.uri().authority(), one(request.headers(), header::HOST.as_str())) {
            (Some(authority), _) => authority.as_str(),
            (None, Found::One(host)) => host,
            (None, _) => return None,
        };
        Some(format!("{}{host}", if self.tls { "https://" } else { "http://" }))
    }

    /// Whether a page of elsewhere made this request.
    pub(crate) fn is_foreign_page<B>(&self, request: &Request<B>) -> bool {
        match one(request.headers(), header::ORIGIN.as_str()) {
            Found::One(origin) => !self.is_own(origin, request),
            Found::Many => true,
            Found::None => false,
        }
    }

    fn is_own<B>(&self, origin: &str, request: &Request<B>) -> bool {
        let origin = origin.to_ascii_lowercase();
        if self.public.contains(&origin) {
            return true;
        }
        let host = match (request.uri().authority(), one(request.headers(), header::HOST.as_str())) {
            (Some(authority), _) => authority.as_str(),
            (None, Found::One(host)) => host,
            (None, _) => return false,
        };
        let scheme = if self.tls { "https://" } else { "http://" };
        origin.strip_prefix(scheme).is_some_and(|rest| rest.eq_ignore_ascii_case(host))
    }
}

enum Found<'h> {
    None,
    One(&'h str),
    /// Several, or one that is no text.
    Many,
}

fn one<'h>(headers: &'h HeaderMap, name: &str) -> Found<'h> {
    let mut values = headers.get_all(name).iter().map(HeaderValue::to_str);
    match (values.next(), values.next()) {
        (None, _) => Found::None,
        (Some(Ok(value)), None) => Found::One(value),
        _ => Found::Many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pairs: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri("/functions").header("host", "nova.example:9000");
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        request.body(()).expect("valid")
    }

    #[test]
    fn only_pages_of_the_server_itself_may_use_a_cookie() {
        let site = Site::new(false, []);
        for own in [
            &[("origin", "http://nova.example:9000")][..],
            &[("sec-fetch-site", "same-origin")],
            &[("x-nova-console", "1")],
        ] {
            assert!(site.is_own_page(&request(own)), "{own:?}");
        }
        for foreign in [
            &[][..],
            &[("origin", "http://nova.example:9001")],
            &[("origin", "https://nova.example:9000")],
            &[("origin", "null")],
            &[("origin", "http://nova.example:9000"), ("origin", "http://evil.example")],
            &[("origin", "http://evil.example"), ("x-nova-console", "1")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-site"), ("x-nova-console", "1")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(!site.is_own_page(&request(foreign)), "{foreign:?}");
        }
    }

    #[test]
    fn a_server_behind_a_proxy_is_known_by_its_public_origin() {
        let site = Site::new(false, ["https://Nova.example/".to_owned()]);
        assert!(site.is_secure());
        assert!(site.is_own_page(&request(&[("origin", "https://nova.example")])));
        assert!(!site.is_own_page(&request(&[("origin", "http://nova.example")])));
        assert!(site.is_foreign_page(&request(&[("origin", "https://evil.example")])));
        assert!(!site.is_foreign_page(&request(&[])));
    }
}
