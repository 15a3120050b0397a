//! Who may do what. A *principal* is a known caller; what it may is a list of *grants*, each
//! a set of *permissions* within a tenant, some of its namespaces, and some resources there.
//! Grants come from *roles* by membership or *binding*; a credential can only narrow them.

pub mod binding;
pub mod credential;
pub mod invoke_policy;
pub mod names;
pub mod pattern;
pub mod permission;
pub mod principal;
pub mod role;
pub mod tenant;
pub mod user;

pub use binding::{Binding, Subject};
pub use credential::{Credential, CredentialKind, Invitation, KeyNote, SessionNote};
pub use invoke_policy::{CallerRule, Calling, InvokePolicy};
pub use names::Names;
pub use pattern::Pattern;
pub use permission::{Permission, PermissionSet};
pub use principal::{CallerFunction, Grant, Principal, Target};
pub use role::Role;
pub use tenant::{Namespace, Tenant};
pub use user::{MemberRole, Membership, ServiceAccount, User};
