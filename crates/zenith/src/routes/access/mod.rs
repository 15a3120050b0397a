//! Who may do what: signing in, keys, tenants, namespaces.

pub(super) mod auth;
pub(super) mod convert;
pub(super) mod keys;
pub(super) mod namespaces;
pub(super) mod tenants;
