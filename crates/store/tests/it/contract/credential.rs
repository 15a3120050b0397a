use nova_domain::access::{Credential, CredentialKind, Subject};
use nova_domain::{Code, CredentialId, Digest, TenantName, Timestamp};
use nova_store::PageRequest;
use nova_store::repo::SealedValue;

use super::role::binding;
use super::user::{SubjectOf as _, user};
use crate::fixture::*;

fn pair(id: &str) -> (Credential, Digest) {
    let id = CredentialId::new(id).expect("valid");
    let mut bytes = [0u8; 32];
    bytes[..id.as_str().len()].copy_from_slice(id.as_str().as_bytes());
    let credential = Credential {
        kind: CredentialKind::Key,
        tenant: Some(TenantName::new("acme").expect("tenant")),
        owner: Subject::Key(id.clone()),
        id,
        name: "boto".to_owned(),
        prefix: "NOVAABCDEFGHIJKLMNOP".to_owned(),
        created_at: at(1),
        expires_at: None,
        last_used_at: None,
        note: serde_json::json!({"pair": true}),
    };
    (credential, Digest::from_bytes(bytes))
}

fn hash_of(id: &str) -> Digest {
    let mut bytes = [0u8; 32];
    bytes[..id.len()].copy_from_slice(id.as_bytes());
    Digest::from_bytes(bytes)
}

/// A key that lets `owner` act, and the hash of its secret.
pub(super) fn key(id: &str, of: Option<&str>, owner: &Subject) -> (Credential, Digest) {
    let key = Credential {
        id: CredentialId::new(format!("K-{id}")).expect("valid"),
        kind: CredentialKind::Key,
        tenant: of.map(|name| TenantName::new(name).expect("tenant")),
        owner: owner.clone(),
        name: "of a test".to_owned(),
        prefix: "nova_abc".to_owned(),
        created_at: at(1),
        expires_at: None,
        last_used_at: None,
        note: serde_json::Value::Null,
    };
    (key, hash_of(&format!("K-{id}")))
}

/// An invitation into a tenant that ends at `ends`.
pub(super) fn invitation(id: &str, of: &str, ends: Timestamp) -> (Credential, Digest) {
    let (made, hash) = key(id, Some(of), &user("host").subject_of());
    let note = serde_json::json!({"email": "x@example.com"});
    (Credential { kind: CredentialKind::Invitation, expires_at: Some(ends), note, ..made }, hash)
}

fn session(id: &str, owner: &Subject, ends: i64) -> (Credential, Digest) {
    let (made, hash) = key(id, None, owner);
    (Credential { kind: CredentialKind::Session, expires_at: Some(at(ends)), ..made }, hash)
}

fn ids(page: &nova_store::Page<Credential>) -> Vec<&str> {
    page.items.iter().map(|one| one.id.as_str()).collect()
}

pub(crate) async fn a_credential_is_found_by_the_hash_of_its_secret_also_when_it_is_too_old(bench: &Bench) {
    let (credentials, system) = (bench.store.credentials(), &bench.system);
    let ada = user("ada").subject_of();
    let (made, hash) = session("one", &ada, 5);
    let bound = binding("one", Some("acme"), &ada, "viewer");
    credentials.create(system, &made, &hash, std::slice::from_ref(&bound)).await.expect("creates");
    assert_eq!(credentials.by_hash(system, &hash).await.expect("reads"), Some(made.clone()));
    assert_eq!(credentials.get(system, &made.id).await.expect("reads"), made);
    assert_eq!(credentials.by_hash(system, &hash_of("another")).await.expect("reads"), None);
    let roles = bench.store.roles().roles_of(system, &ada).await.expect("lists");
    assert_eq!(roles[0].binding, bound);
    // Both or neither: the binding's id is taken, so the key is not stored.
    let (second, other) = key("two", Some("acme"), &ada);
    assert!(credentials.create(system, &second, &other, &[bound]).await.is_err());
    assert_eq!(credentials.by_hash(system, &other).await.expect("reads"), None);
}

pub(crate) async fn keys_are_listed_by_tenant_and_by_owner(bench: &Bench) {
    let (credentials, system) = (bench.store.credentials(), &bench.system);
    let (ada, bob) = (user("ada").subject_of(), user("bob").subject_of());
    assert!(!credentials.any_server_key(system).await.expect("answers"));
    for (id, of, owner) in
        [("1", Some("acme"), &ada), ("2", Some("acme"), &bob), ("3", Some("evil"), &ada), ("4", None, &ada)]
    {
        let (made, hash) = key(id, of, owner);
        credentials.create(system, &made, &hash, &[]).await.expect("creates");
    }
    let (made, hash) = session("5", &ada, 9);
    credentials.create(system, &made, &hash, &[]).await.expect("creates");
    assert!(credentials.any_server_key(system).await.expect("answers"));
    let (kind, page) = (CredentialKind::Key, PageRequest::default());
    let acme = TenantName::new("acme").expect("tenant");
    assert_eq!(
        ids(&credentials.list(system, Some(&acme), kind, &page).await.expect("lists")),
        ["K-1", "K-2"]
    );
    assert_eq!(ids(&credentials.list(system, None, kind, &page).await.expect("lists")), ["K-4"]);
    let one = PageRequest::new(2, None).expect("limit");
    let first = credentials.list_of(system, &ada, kind, &one).await.expect("lists");
    assert_eq!(ids(&first), ["K-1", "K-3"]);
    let rest = one.after(first.next_cursor.clone().expect("more"));
    assert_eq!(ids(&credentials.list_of(system, &ada, kind, &rest).await.expect("lists")), ["K-4"]);
    let sessions = credentials.list_of(system, &ada, CredentialKind::Session, &page).await.expect("lists");
    assert_eq!(ids(&sessions), ["K-5"]);
}

pub(crate) async fn a_deleted_key_ends_its_own_sessions_and_roles(bench: &Bench) {
    let (credentials, system) = (bench.store.credentials(), &bench.system);
    let own = Subject::Key(CredentialId::new("K-own").expect("id"));
    let (made, hash) = key("own", None, &own);
    let bound = binding("own", None, &own, "viewer");
    credentials.create(system, &made, &hash, &[bound]).await.expect("creates");
    let (signed_in, other) = session("browser", &own, 9);
    credentials.create(system, &signed_in, &other, &[]).await.expect("creates");
    credentials.delete(system, &made.id).await.expect("deletes");
    for gone in [&hash, &other] {
        assert_eq!(credentials.by_hash(system, gone).await.expect("reads"), None);
    }
    assert!(bench.store.roles().roles_of(system, &own).await.expect("lists").is_empty());
    assert_eq!(credentials.delete(system, &made.id).await.expect_err("gone").code(), Code::NotFound);
    assert_eq!(credentials.get(system, &made.id).await.expect_err("gone").code(), Code::NotFound);
}

pub(crate) async fn sessions_of_somebody_end_all_but_the_one_that_asks(bench: &Bench) {
    let (credentials, system) = (bench.store.credentials(), &bench.system);
    let (ada, bob) = (user("ada").subject_of(), user("bob").subject_of());
    for (id, owner) in [("1", &ada), ("2", &ada), ("3", &ada), ("4", &bob)] {
        let (made, hash) = session(id, owner, 9);
        credentials.create(system, &made, &hash, &[]).await.expect("creates");
    }
    let (made, hash) = key("5", None, &ada);
    credentials.create(system, &made, &hash, &[]).await.expect("creates");
    let kept = CredentialId::new("K-2").expect("id");
    let kind = CredentialKind::Session;
    assert_eq!(credentials.delete_of(system, &ada, kind, Some(&kept)).await.expect("deletes"), 2);
    let page = PageRequest::default();
    assert_eq!(ids(&credentials.list_of(system, &ada, kind, &page).await.expect("lists")), ["K-2"]);
    assert_eq!(credentials.delete_of(system, &ada, kind, None).await.expect("deletes"), 1);
    assert_eq!(ids(&credentials.list_of(system, &bob, kind, &page).await.expect("lists")), ["K-4"]);
    let keys = credentials.list_of(system, &ada, CredentialKind::Key, &page).await.expect("lists");
    assert_eq!(ids(&keys), ["K-5"], "keys are no sessions");
}

pub(crate) async fn a_use_is_noted_and_never_moved_back_and_what_ended_is_pruned(bench: &Bench) {
    let (credentials, system) = (bench.store.credentials(), &bench.system);
    let ada = user("ada").subject_of();
    let of = |id: &str| CredentialId::new(id).expect("id");
    let ends = |credential: Credential, ends| Credential { expires_at: Some(at(ends)), ..credential };
    for (made, hash) in [session("old", &ada, 10), session("young", &ada, 100), key("forever", None, &ada)] {
        credentials.create(system, &made, &hash, &[]).await.expect("creates");
    }
    let (made, hash) = key("ended", None, &ada);
    credentials.create(system, &ends(made, 10), &hash, &[]).await.expect("creates");
    for (time, noted) in [(7, 7), (5, 7), (9, 9)] {
        let used = [(of("K-young"), at(time)), (of("K-nobody"), at(time))];
        credentials.touch(system, &used).await.expect("notes");
        let found = credentials.get(system, &of("K-young")).await.expect("reads");
        assert_eq!(found.last_used_at, Some(at(noted)));
    }
    assert_eq!(credentials.prune(system, at(50), at(5)).await.expect("prunes"), 1, "the old session");
    assert_eq!(credentials.get(system, &of("K-old")).await.expect_err("gone").code(), Code::NotFound);
    assert!(credentials.get(system, &of("K-ended")).await.is_ok(), "a key is kept longer");
    assert_eq!(credentials.prune(system, at(50), at(50)).await.expect("prunes"), 1);
    for stays in ["K-young", "K-forever"] {
        assert!(credentials.get(system, &of(stays)).await.is_ok(), "{stays}");
    }
}

fn sealed(byte: u8, key_id: &str) -> SealedValue {
    SealedValue { bytes: vec![byte, 0, 255], key_id: key_id.to_owned() }
}

pub(crate) async fn a_key_pair_has_its_sealed_secret_until_it_is_deleted(bench: &Bench) {
    let credentials = bench.store.credentials();
    let (pair, hash) = pair("01PAIR");
    credentials.create_pair(&bench.system, &pair, &hash, &[], &sealed(1, "k1")).await.expect("creates");
    let found = credentials.by_hash(&bench.system, &hash).await.expect("reads").expect("is there");
    assert_eq!(found, pair);
    let value = credentials.sealed(&bench.system, &pair.id).await.expect("reads");
    assert_eq!(value, Some(sealed(1, "k1")));
    credentials.delete(&bench.system, &pair.id).await.expect("deletes");
    assert_eq!(credentials.sealed(&bench.system, &pair.id).await.expect("reads"), None);
    assert!(!credentials.reseal(&bench.system, &pair.id, &sealed(2, "k2")).await.expect("answers"));
}

pub(crate) async fn secrets_of_key_pairs_are_resealed_page_by_page(bench: &Bench) {
    let credentials = bench.store.credentials();
    for index in 0..3u8 {
        let (pair, hash) = pair(&format!("01PAIR{index}"));
        let value = sealed(index, if index == 1 { "k2" } else { "k1" });
        credentials.create_pair(&bench.system, &pair, &hash, &[], &value).await.expect("creates");
    }
    let mut page = PageRequest::new(1, None).expect("valid");
    let mut seen = Vec::new();
    loop {
        let found = credentials.sealed_with_others(&bench.system, "k2", &page).await.expect("lists");
        for (id, value) in found.items {
            let again = sealed(value.bytes[0] + 10, "k2");
            assert!(credentials.reseal(&bench.system, &id, &again).await.expect("reseals"));
            seen.push(id.to_string());
        }
        match found.next_cursor {
            Some(cursor) => page = page.after(cursor),
            None => break,
        }
    }
    assert_eq!(seen, ["01PAIR0", "01PAIR2"]);
    let whole = credentials.sealed_with_others(&bench.system, "k2", &PageRequest::default()).await;
    assert!(whole.expect("lists").items.is_empty());
    let (last, _) = pair("01PAIR2");
    let value = credentials.sealed(&bench.system, &last.id).await.expect("reads");
    assert_eq!(value, Some(sealed(12, "k2")));
}
