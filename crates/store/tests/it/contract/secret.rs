use nova_domain::access::{Names, Pattern};
use nova_domain::secret::{Grant, SECRETS_PER_NAMESPACE, Secret};
use nova_domain::{Code, Scope, SecretName, Timestamp};
use nova_store::PageRequest;
use nova_store::repo::SealedValue;

use crate::fixture::*;

fn secret(scope: &Scope, name: &str) -> Secret {
    Secret {
        scope: scope.clone(),
        name: SecretName::new(name).expect("valid"),
        description: "of a test".to_owned(),
        functions: vec![Grant::new("api-*").expect("valid")],
        version: 1,
        revision: 1,
        created_at: Timestamp::from_micros(5),
        updated_at: Timestamp::from_micros(5),
    }
}

fn value(byte: u8, key_id: &str) -> SealedValue {
    SealedValue { bytes: vec![byte, 0, 255], key_id: key_id.to_owned() }
}

pub(crate) async fn a_secret_is_read_as_it_was_stored(bench: &Bench) {
    let secrets = bench.store.secrets();
    let made = secret(&here(), "db-url");
    secrets.create(&here(), &made, &value(1, "k1")).await.expect("creates");
    let read = secrets.get(&here(), &made.name).await.expect("reads");
    assert_eq!((read.secret, read.value), (made.clone(), value(1, "k1")));
    let again = secrets.create(&here(), &made, &value(2, "k1")).await.expect_err("taken");
    assert_eq!(again.code(), Code::AlreadyExists);
    assert_eq!(secrets.get(&here(), &made.name).await.expect("reads").value, value(1, "k1"));
}

pub(crate) async fn secrets_of_another_scope_are_not_found(bench: &Bench) {
    let secrets = bench.store.secrets();
    let made = secret(&here(), "db-url");
    secrets.create(&here(), &made, &value(1, "k1")).await.expect("creates");
    for other in [scope("evil", "prod"), scope("acme", "staging")] {
        let names = [made.name.clone()];
        assert_eq!(secrets.get(&other, &made.name).await.expect_err("hidden").code(), Code::NotFound);
        assert!(secrets.find(&other, &names).await.expect("finds").is_empty());
        assert!(
            secrets.list(&other, &Names::All, &PageRequest::default()).await.expect("lists").items.is_empty()
        );
        let moved = Secret { scope: other.clone(), ..made.clone() };
        assert_eq!(secrets.update(&other, &moved, None).await.expect_err("hidden").code(), Code::NotFound);
        assert_eq!(secrets.delete(&other, &made.name).await.expect_err("hidden").code(), Code::NotFound);
    }
    assert!(secrets.get(&here(), &made.name).await.is_ok());
}

pub(crate) async fn an_update_keeps_the_value_unless_one_is_given(bench: &Bench) {
    let secrets = bench.store.secrets();
    let made = secret(&here(), "db-url");
    secrets.create(&here(), &made, &value(1, "k1")).await.expect("creates");
    let granted = Secret { functions: vec![], ..made.clone() };
    let first = secrets.update(&here(), &granted, None).await.expect("updates");
    assert_eq!((first.revision, first.functions.len()), (2, 0));
    assert_eq!(secrets.get(&here(), &made.name).await.expect("reads").value, value(1, "k1"));
    let second = Secret { version: 2, ..first.clone() };
    let second = secrets.update(&here(), &second, Some(&value(2, "k2"))).await.expect("updates");
    let read = secrets.get(&here(), &made.name).await.expect("reads");
    assert_eq!((read.secret, read.value), (second, value(2, "k2")));
    let late = secrets.update(&here(), &first, Some(&value(3, "k2"))).await.expect_err("too late");
    assert_eq!(late.code(), Code::Conflict);
}

pub(crate) async fn secrets_are_found_by_names_and_listed_in_order(bench: &Bench) {
    let secrets = bench.store.secrets();
    for name in ["c", "a", "b"] {
        secrets.create(&here(), &secret(&here(), name), &value(1, "k1")).await.expect("creates");
    }
    let names = ["a", "c", "missing"].map(|name| SecretName::new(name).expect("valid"));
    let mut found: Vec<_> = secrets.find(&here(), &names).await.expect("finds");
    found.sort_by(|a, b| a.secret.name.cmp(&b.secret.name));
    let found: Vec<_> = found.iter().map(|one| one.secret.name.as_str().to_owned()).collect();
    assert_eq!(found, ["a", "c"]);
    let first =
        secrets.list(&here(), &Names::All, &PageRequest::new(2, None).expect("limit")).await.expect("lists");
    let next = PageRequest::new(2, first.next_cursor).expect("limit");
    let rest = secrets.list(&here(), &Names::All, &next).await.expect("lists");
    let listed: Vec<_> =
        first.items.iter().chain(&rest.items).map(|one| one.name.as_str().to_owned()).collect();
    assert_eq!(listed, ["a", "b", "c"]);
    let some = Names::of(["b", "c*", "x"].map(|text| Pattern::parse(text).expect("valid")));
    let some = secrets.list(&here(), &some, &PageRequest::default()).await.expect("lists").items;
    assert_eq!(some.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    secrets.delete(&here(), &names[0]).await.expect("deletes");
    assert_eq!(secrets.delete(&here(), &names[0]).await.expect_err("gone").code(), Code::NotFound);
}

pub(crate) async fn secrets_of_all_tenants_are_resealed_without_a_new_revision(bench: &Bench) {
    let secrets = bench.store.secrets();
    let scopes = [here(), scope("evil", "prod")];
    for scope in &scopes {
        secrets.create(scope, &secret(scope, "old"), &value(1, "k1")).await.expect("creates");
        secrets.create(scope, &secret(scope, "new"), &value(1, "k2")).await.expect("creates");
    }
    let page = PageRequest::new(1, None).expect("limit");
    let first = secrets.sealed_with_others(&bench.system, "k2", &page).await.expect("lists");
    let page = page.after(first.next_cursor.expect("another page"));
    let second = secrets.sealed_with_others(&bench.system, "k2", &page).await.expect("lists");
    assert!(second.next_cursor.is_none());
    for stored in first.items.iter().chain(&second.items) {
        assert_eq!(stored.secret.name.as_str(), "old");
        assert!(secrets.reseal(&bench.system, &stored.secret, &value(9, "k2")).await.expect("reseals"));
    }
    for scope in &scopes {
        let read = secrets.get(scope, &SecretName::new("old").expect("valid")).await.expect("reads");
        assert_eq!((read.secret.revision, read.value), (1, value(9, "k2")));
    }
    let stale = Secret { revision: 7, ..first.items[0].secret.clone() };
    assert!(!secrets.reseal(&bench.system, &stale, &value(3, "k3")).await.expect("answers"));
}

pub(crate) async fn a_namespace_takes_only_so_many_secrets(bench: &Bench) {
    let secrets = bench.store.secrets();
    for number in 0..SECRETS_PER_NAMESPACE {
        let made = secret(&here(), &format!("s{number}"));
        secrets.create(&here(), &made, &value(1, "k1")).await.expect("creates");
    }
    let refused = secrets.create(&here(), &secret(&here(), "more"), &value(1, "k1")).await.expect_err("full");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let elsewhere = scope("acme", "staging");
    secrets
        .create(&elsewhere, &secret(&elsewhere, "more"), &value(1, "k1"))
        .await
        .expect("another namespace");
}
