//! The address of a function: `/fn/NAME/..` in the default scope, `/fn/@TENANT/NAMESPACE/NAME/..` in
//! any other.

use http::Uri;
use nova_domain::{FunctionName, NamespaceName, Scope, TenantName};
use percent_encoding::percent_decode_str;

/// A function, and what of the request line is its own.
pub(super) struct Address<'u> {
    pub(super) scope: Scope,
    pub(super) name: FunctionName,
    /// The part of the path that names the function, without a slash at the end.
    pub(super) base: &'u str,
    /// What follows it, as it was sent; begins with a slash.
    pub(super) raw_path: &'u str,
    pub(super) raw_query: &'u str,
}

impl<'u> Address<'u> {
    /// The address in a request line; `None` if it can be none.
    pub(super) fn of(uri: &'u Uri) -> Option<Self> {
        let path = uri.path();
        let mut rest = path.strip_prefix("/fn/").filter(|rest| !rest.starts_with('/'))?;
        let mut scope = Scope::default_scope();
        let first = segment(&mut rest)?;
        let name = match first.strip_prefix('@') {
            Some(tenant) => {
                scope.tenant = TenantName::new(tenant).ok()?;
                scope.namespace = NamespaceName::new(segment(&mut rest)?).ok()?;
                segment(&mut rest)?
            }
            None => first,
        };
        let name = FunctionName::new(name).ok()?;
        let base = path.get(..path.len() - rest.len())?;
        let raw_path = if rest.is_empty() { "/" } else { rest };
        Some(Self { scope, name, base, raw_path, raw_query: uri.query().unwrap_or_default() })
    }
}

/// Takes the first segment off, decoded; what is left begins with its slash.
fn segment(rest: &mut &str) -> Option<String> {
    let text = rest.strip_prefix('/').unwrap_or(rest);
    let end = text.find('/').unwrap_or(text.len());
    let (segment, left) = text.split_at(end);
    *rest = left;
    percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The path that leads to a function.
pub(crate) fn address_of(scope: &Scope, name: &FunctionName) -> String {
    if *scope == Scope::default_scope() {
        format!("/fn/{name}")
    } else {
        format!("/fn/@{}/{}/{name}", scope.tenant, scope.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String, String, String, String)> {
        let uri: Uri = text.parse().expect("a URI");
        let found = Address::of(&uri)?;
        let owned = |text: &str| text.to_owned();
        Some((
            found.scope.to_string(),
            found.name.to_string(),
            owned(found.base),
            owned(found.raw_path),
            owned(found.raw_query),
        ))
    }

    fn is(text: &str, scope: &str, name: &str, base: &str, path: &str, query: &str) {
        let expected = [scope, name, base, path, query].map(str::to_owned);
        let found = read(text).expect("an address");
        assert_eq!([found.0, found.1, found.2, found.3, found.4], expected, "{text}");
    }

    #[test]
    fn an_address_names_a_function_and_leaves_the_rest_to_it() {
        is("/fn/hello", "default/default", "hello", "/fn/hello", "/", "");
        is("/fn/hello/", "default/default", "hello", "/fn/hello", "/", "");
        is("/fn/hello/a%20b//c?x=1&x=2", "default/default", "hello", "/fn/hello", "/a%20b//c", "x=1&x=2");
        is("/fn/@acme/prod/hello/x", "acme/prod", "hello", "/fn/@acme/prod/hello", "/x", "");
        is("/fn/%40acme/prod/hello", "acme/prod", "hello", "/fn/%40acme/prod/hello", "/", "");
        is("http://host:9001/fn/hello?a", "default/default", "hello", "/fn/hello", "/", "a");
    }

    #[test]
    fn what_can_name_no_function_is_no_address() {
        for bad in [
            "/",
            "/fn",
            "/fn/",
            "/fn//x",
            "/functions/hello",
            "/fn/..",
            "/fn/a.b",
            "/fn/@acme",
            "/fn/@acme/prod",
            "/fn/@/prod/hello",
            "/fn/@acme/../hello",
            "/fn/%ff",
            "/x/fn/hello",
            "/fn/%2e%2e/x",
            "/fn/a%2fb",
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_address_that_was_made_is_read_back() {
        for (tenant, namespace) in [("default", "default"), ("default", "staging"), ("acme.co", "a_b-c")] {
            let scope = Scope {
                tenant: TenantName::new(tenant).expect("valid"),
                namespace: NamespaceName::new(namespace).expect("valid"),
            };
            let name = FunctionName::new("f-1_x").expect("valid");
            let found = read(&address_of(&scope, &name)).expect("an address");
            assert_eq!((found.0, found.1), (scope.to_string(), name.to_string()));
        }
    }
}
