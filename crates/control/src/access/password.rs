//! Passwords by Argon2id. Hashing takes tens of milliseconds and 19 MiB on purpose, so it is
//! done on blocking threads, a few at a time.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use nova_domain::{Fault, FaultResult};
use tokio::sync::Semaphore;

/// Shortest password, characters.
pub(super) const MIN: usize = 12;
/// Longest password, bytes.
pub(super) const MAX: usize = 1024;
/// Hashes that are made at once.
const AT_ONCE: usize = 2;

static ROOM: Semaphore = Semaphore::const_new(AT_ONCE);

/// The hash of nobody's password, so that a sign-in takes as long for an account that is not there.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| make("nobody has this password").ok());

fn make(password: &str) -> FaultResult<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    let failed = |error: argon2::password_hash::Error| {
        Fault::internal("a password could not be hashed").with_source(error.to_string())
    };
    hash.map(|hash| hash.to_string()).map_err(failed)
}

/// Whether a new password is good enough.
pub(super) fn check(password: &str) -> FaultResult<()> {
    if password.chars().count() < MIN || password.len() > MAX {
        let rule = format!("a password has {MIN} characters at least and {MAX} bytes at most");
        return Err(Fault::invalid(rule.clone()).with_field("password", rule));
    }
    Ok(())
}

async fn work<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> FaultResult<T> {
    let room = ROOM.acquire().await;
    let done = tokio::task::spawn_blocking(job).await;
    drop(room);
    done.map_err(|error| Fault::internal("hashing a password").with_source(error))
}

/// The string to store of a password.
pub(super) async fn hash(password: String) -> FaultResult<String> {
    work(move || make(&password)).await?
}

/// Whether `password` is the one that `stored` was made from. Without `stored` it is not, and
/// finding that out takes as long.
pub(super) async fn matches(password: String, stored: Option<String>) -> FaultResult<bool> {
    if password.len() > MAX {
        return Ok(false);
    }
    work(move || {
        let known = stored.is_some();
        let Some(text) = stored.or_else(|| NOBODY.clone()) else { return false };
        let Ok(parsed) = PasswordHash::new(&text) else { return false };
        let same = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        known && same
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let stored = hash("correct horse battery".into()).await.expect("hashed");
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert_ne!(hash("correct horse battery".into()).await.expect("hashed"), stored, "salted");
        assert!(matches("correct horse battery".into(), Some(stored.clone())).await.expect("checked"));
        assert!(!matches("correct horse battery ".into(), Some(stored)).await.expect("checked"));
        assert!(!matches("nobody has this password".into(), None).await.expect("checked"));
        assert!(!matches("x".into(), Some("no hash".into())).await.expect("checked"));
        assert!(check("short").is_err() && check(&"x".repeat(2000)).is_err());
        assert!(check("ä".repeat(12).as_str()).is_ok());
    }
}
