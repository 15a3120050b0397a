use nova_domain::access::{Credential, CredentialKind, Subject};
use nova_domain::{CredentialId, Digest, TenantName};
use nova_store::PageRequest;
use nova_store::repo::SealedValue;

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
