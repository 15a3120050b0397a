//! Version 1 of the wire. Fields are only ever added; a change of meaning is a new version.

pub mod access;
pub mod alias;
pub mod audit;
pub mod code;
pub mod function;
pub mod health;
pub mod http;
pub mod invoke;
pub mod job;
pub mod log;
pub mod page;
pub mod patch;
pub mod people;
pub mod problem;
pub mod quota;
pub mod run;
pub mod runtime;
pub mod secret;
pub mod stats;
pub mod system;
pub mod version;

pub use access::{
    CreateKey, CreateNamespace, CreateTenant, CreatedKey, HeldRole, KeyView, Me, NamedPermissions,
    NamespaceView, ProviderView, RoleGrantBody, SignIn, TenantView, UsableScope,
};
pub use alias::{
    AliasView, CreateAlias, PastTargetView, PatchAlias, PromoteAlias, RolloutView, StartRollout, WeightView,
};
pub use audit::{AuditActor, AuditBroken, AuditResource, AuditVerification, AuditView};
pub use code::{CodeAnswer, CodeView, FileContent, FileView, ReplaceCode};
pub use function::{
    CreateFunction, FunctionView, InvokePolicyBody, LimitsBody, LimitsPatch, LimitsView, PatchFunction,
};
pub use health::{Health, HealthCheck, HealthStatus};
pub use http::{CorsBody, FunctionUrl, SignUrl, SignedUrl};
pub use invoke::{CallError, InvokeAnswer, StreamDone};
pub use job::{AttemptView, InvokeAsync, JobView};
pub use log::LogLineView;
pub use page::Page;
pub use patch::Patch;
pub use people::{
    AcceptInvitation, BindingView, ChangePassword, CreateBinding, CreateInvitation, CreateRole,
    CreateServiceAccount, CreatedInvitation, InvitationView, MemberView, PatchUser, PutRole, RoleView,
    ServiceAccountView, SessionView, SetMember, UserView,
};
pub use problem::{FieldProblem, Problem};
pub use quota::{PutQuota, QuotaView};
pub use run::RunView;
pub use runtime::{RuntimeInstall, RuntimeView};
pub use secret::{CreateSecret, KeyRotation, PatchSecret, SecretView};
pub use stats::{FailingView, StatsNumbers, StatsPoint, StatsView};
pub use system::{IsolationView, KeeperView, SettingView, StockView, SystemView};
pub use version::{BuildLineView, BuildLogView, ChangeView, VersionDiff, VersionView};
