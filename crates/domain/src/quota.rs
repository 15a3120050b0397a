//! How much a tenant, or a namespace of it, may have.

use crate::fault::{Fault, FaultResult};
use crate::name::{NamespaceName, TenantName};
use crate::time::Timestamp;

/// Window of a quota of calls where none is named, seconds.
pub const WINDOW_DEFAULT_S: u32 = 60;
/// Longest window, seconds: a month.
pub const WINDOW_MAX_S: u32 = 31 * 24 * 3600;
/// Largest limit: what JSON numbers hold exactly everywhere.
pub const LIMIT_MAX: u64 = (1 << 53) - 1;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaKind {
    /// Functions that there are.
    Functions,
    /// Bytes of code that versions refer to, each source tree once.
    StorageBytes,
    /// Sum of the memory limits of the sandboxes that there are, MiB.
    MemoryMb,
    /// Calls that run or wait at once.
    Concurrency,
    /// Calls within a window of time.
    Invocations,
}

impl QuotaKind {
    /// Every one there is.
    pub const ALL: [Self; 5] =
        [Self::Functions, Self::StorageBytes, Self::MemoryMb, Self::Concurrency, Self::Invocations];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::StorageBytes => "storage_bytes",
            Self::MemoryMb => "memory_mb",
            Self::Concurrency => "concurrency",
            Self::Invocations => "invocations",
        }
    }

    /// The one of that name.
    pub fn parse(text: &str) -> FaultResult<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            let shown: String = text.chars().take(40).collect();
            Fault::invalid(format!("{shown:?} is no quota; there are {}", known.join(", ")))
                .with_field("quota", format!("one of {}", known.join(", ")))
        })
    }

    /// Whether what is counted is stored, so that every server counts the same.
    pub const fn is_stored(self) -> bool {
        matches!(self, Self::Functions | Self::StorageBytes)
    }
}

/// Something that is counted as long as this is held.
#[must_use]
pub struct Permit(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Permit {
    /// Runs `give_back` when it is dropped.
    pub fn new(give_back: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(give_back)))
    }

    /// Of something that is not counted.
    pub fn free() -> Self {
        Self(None)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(give_back) = self.0.take() {
            give_back();
        }
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Permit(..)")
    }
}

/// A quota of a tenant, or of one namespace of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    pub tenant: TenantName,
    /// `None`: the whole tenant.
    pub namespace: Option<NamespaceName>,
    pub kind: QuotaKind,
    /// What is over it is refused; `None`: nothing is.
    pub hard: Option<u64>,
    /// What is over it is told, and done.
    pub soft: Option<u64>,
    /// Of [`QuotaKind::Invocations`]; 0 otherwise.
    pub window_s: u32,
    pub updated_at: Timestamp,
}

impl Quota {
    /// Checks limits and window.
    pub fn validate(&self) -> FaultResult<()> {
        let complain = |field: &str, rule: String| {
            Err(Fault::invalid(format!("`{field}` is not valid: {rule}")).with_field(field, rule))
        };
        if self.hard.is_none() && self.soft.is_none() {
            return complain("hard", "name a hard or a soft limit; DELETE takes the quota away".to_owned());
        }
        for (field, limit) in [("hard", self.hard), ("soft", self.soft)] {
            if limit.is_some_and(|limit| limit > LIMIT_MAX) {
                return complain(field, format!("at most {LIMIT_MAX}"));
            }
        }
        if let (Some(hard), Some(soft)) = (self.hard, self.soft)
            && soft > hard
        {
            return complain("soft", format!("at most the hard limit ({hard})"));
        }
        match self.kind {
            QuotaKind::Invocations if !(1..=WINDOW_MAX_S).contains(&self.window_s) => {
                complain("window_s", format!("1 to {WINDOW_MAX_S}"))
            }
            kind if kind != QuotaKind::Invocations && self.window_s != 0 => {
                complain("window_s", "only the quota `invocations` has a window".to_owned())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(kind: QuotaKind) -> Quota {
        Quota {
            tenant: TenantName::new("acme").expect("valid"),
            namespace: None,
            kind,
            hard: Some(10),
            soft: Some(8),
            window_s: if kind == QuotaKind::Invocations { 60 } else { 0 },
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn limits_that_make_no_sense_are_refused_with_the_field() {
        for kind in QuotaKind::ALL {
            quota(kind).validate().expect("valid");
            assert_eq!(QuotaKind::parse(kind.as_str()).expect("its own name"), kind);
        }
        let field = |quota: Quota| quota.validate().expect_err("refused").fields()[0].0.clone();
        assert_eq!(field(Quota { hard: None, soft: None, ..quota(QuotaKind::Functions) }), "hard");
        assert_eq!(field(Quota { soft: Some(11), ..quota(QuotaKind::Functions) }), "soft");
        assert_eq!(field(Quota { hard: Some(u64::MAX), ..quota(QuotaKind::Functions) }), "hard");
        assert_eq!(field(Quota { window_s: 60, ..quota(QuotaKind::Functions) }), "window_s");
        assert_eq!(field(Quota { window_s: 0, ..quota(QuotaKind::Invocations) }), "window_s");
        assert!(QuotaKind::parse("memory").expect_err("none").message().contains("memory_mb"));
    }
}
