//! Signing in, keys, tenants and namespaces.

use nova_domain::Timestamp;
use nova_domain::access::{Binding, Credential, KeyNote, Namespace, Permission, Subject, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// What somebody signs in with: a key, or an address and a password.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// An identity provider to sign in with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProviderView {
    pub name: String,
    /// For people.
    pub title: String,
    /// Where a browser goes to sign in.
    pub start: String,
}

/// Who the caller is and what they may.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// `user:ID`, `service:ID`, `key:ID`, `token:..` or `dev`.
    pub subject: String,
    /// `user`, `service`, `key`, `token` or `dev`.
    pub kind: String,
    /// An address, or the name of a key.
    pub name: String,
    /// Administrator of the whole server.
    pub superadmin: bool,
    /// Whether the server runs with `--dev`.
    pub dev: bool,
    /// Id of the key or session that was shown.
    pub credential: Option<String>,
    /// When that ends.
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub expires_at: Option<Timestamp>,
    /// The tenant and namespace that this request is about.
    pub tenant: String,
    pub namespace: String,
    /// What the caller may do there, whatever the name.
    pub permissions: Vec<String>,
    /// What it may do besides with some names there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<NamedPermissions>,
    /// Roles that the caller has, with where.
    pub roles: Vec<HeldRole>,
    /// Tenants that the caller may use, with their namespaces; at most 100 of each.
    pub scopes: Vec<UsableScope>,
}

/// What a caller may do with some names of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedPermissions {
    /// A name, or the beginning of one and `*`.
    pub names: String,
    pub permissions: Vec<String>,
}

/// A role that the caller has.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeldRole {
    pub role: String,
    /// `*`: all tenants, and the server.
    pub tenant: String,
    pub namespaces: String,
    pub resources: String,
}

/// A tenant that the caller may use.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UsableScope {
    pub tenant: String,
    pub namespaces: Vec<String>,
}

/// A role and where it holds. Patterns are a name, the beginning of one and `*`, or `*`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleGrantBody {
    /// A built-in role (`admin`, `operator`, `viewer`, `invoker`), or one of the tenant.
    pub role: String,
    #[serde(default = "all")]
    pub namespaces: String,
    #[serde(default = "all")]
    pub resources: String,
}

fn all() -> String {
    "*".to_owned()
}

/// A key to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    pub name: String,
    /// A key that stands for itself needs one at least; for a key of somebody they narrow.
    #[serde(default)]
    pub roles: Vec<RoleGrantBody>,
    /// The service account that the key is for; absent: the key stands for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// A key of the server itself instead of the tenant; only administrators of the server can.
    #[serde(default)]
    pub server: bool,
    /// Seconds until it ends; absent: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
    /// A pair of access key id and secret access key, for clients that sign as AWS's do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aws: bool,
    /// A function of the request's namespace that uses the key: calls with it are calls by that function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// A key without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    pub id: String,
    pub name: String,
    /// How the secret begins; of a pair the access key id.
    pub prefix: String,
    /// Whether it is a pair of access key id and secret access key.
    #[serde(default)]
    pub aws: bool,
    /// The function that it is for, as NAMESPACE/NAME.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Who acts by it: `key:ID` (itself), `service:ID` or `user:ID`.
    pub subject: String,
    /// Absent for a key of the server.
    pub tenant: Option<String>,
    /// Shown with single keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<RoleGrantBody>>,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub expires_at: Option<Timestamp>,
    pub expired: bool,
    /// To the minute; written down some time after the fact.
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub last_used_at: Option<Timestamp>,
}

impl KeyView {
    /// The view of a key at that time, with its roles if they are known.
    pub fn new(key: Credential, roles: Option<Vec<Binding>>, now: Timestamp) -> Self {
        let note = KeyNote::of(&key);
        Self {
            expired: key.is_expired(now),
            aws: note.pair,
            function: note.function.map(|of| format!("{}/{}", of.scope.namespace, of.name)),
            id: key.id.into(),
            name: key.name,
            prefix: key.prefix,
            subject: key.owner.to_string(),
            tenant: key.tenant.map(String::from),
            roles: roles.map(|roles| roles.into_iter().map(RoleGrantBody::from).collect()),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

impl From<Binding> for RoleGrantBody {
    fn from(binding: Binding) -> Self {
        Self {
            role: binding.role.into(),
            namespaces: binding.namespaces.into(),
            resources: binding.resources.into(),
        }
    }
}

/// A key that was just made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedKey {
    pub key: KeyView,
    /// Of a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// The key, or the secret access key of a pair. Shown this one time only.
    pub secret: String,
}

/// A tenant to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    pub name: String,
    #[serde(default)]
    pub description: String,
}

/// A tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantView {
    pub name: String,
    pub description: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
}

impl From<Tenant> for TenantView {
    fn from(tenant: Tenant) -> Self {
        Self { name: tenant.name.into(), description: tenant.description, created_at: tenant.created_at }
    }
}

/// A namespace to be made in the tenant of the request.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateNamespace {
    pub name: String,
    #[serde(default)]
    pub description: String,
}

/// A namespace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NamespaceView {
    pub name: String,
    pub tenant: String,
    pub description: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
}

impl From<Namespace> for NamespaceView {
    fn from(namespace: Namespace) -> Self {
        Self {
            name: namespace.name.into(),
            tenant: namespace.tenant.into(),
            description: namespace.description,
            created_at: namespace.created_at,
        }
    }
}

/// What kind of caller a subject is, for people and programs that show it.
pub fn subject_kind(subject: &Subject) -> &'static str {
    match subject {
        Subject::User(_) => "user",
        Subject::Service(_) => "service",
        Subject::Key(_) => "key",
        Subject::Token(_) => "token",
        Subject::Dev => "dev",
    }
}

/// Texts of permissions.
pub fn permission_texts(permissions: impl IntoIterator<Item = Permission>) -> Vec<String> {
    permissions.into_iter().map(|permission| permission.as_str().to_owned()).collect()
}
