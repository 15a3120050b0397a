use nova_domain::access::{Namespace, Tenant};
use nova_domain::{Code, NamespaceName, TenantName};
use nova_store::PageRequest;

use super::user::{SubjectOf as _, membership, service, user};
use crate::fixture::*;

pub(super) fn tenant(name: &str) -> TenantName {
    TenantName::new(name).expect("tenant")
}

fn new(name: &str) -> Tenant {
    Tenant { name: tenant(name), description: format!("About {name}"), created_at: at(7) }
}

fn namespace(of: &str, name: &str) -> Namespace {
    Namespace {
        tenant: tenant(of),
        name: NamespaceName::new(name).expect("namespace"),
        description: "odd 'text' \u{1f980}".to_owned(),
        created_at: at(8),
    }
}

pub(crate) async fn a_tenant_comes_with_its_namespace_default(bench: &Bench) {
    let tenants = bench.store.tenants();
    tenants.create(&bench.system, &new("fresh")).await.expect("creates");
    assert_eq!(tenants.get(&tenant("fresh")).await.expect("reads"), new("fresh"));
    let found = tenants.get_namespace(&scope("fresh", "default")).await.expect("is there");
    assert_eq!((found.tenant.as_str(), found.created_at), ("fresh", at(7)));
    let again = Tenant { description: "another".to_owned(), ..new("fresh") };
    assert_eq!(tenants.create(&bench.system, &again).await.expect_err("taken").code(), Code::AlreadyExists);
    assert_eq!(tenants.get(&tenant("fresh")).await.expect("reads").description, "About fresh");
    assert_eq!(tenants.get(&tenant("nobody")).await.expect_err("none").code(), Code::NotFound);
}

pub(crate) async fn tenants_are_listed_by_name_page_by_page(bench: &Bench) {
    let tenants = bench.store.tenants();
    for name in ["zz", "aa", "mm"] {
        tenants.create(&bench.system, &new(name)).await.expect("creates");
    }
    let (mut names, mut page) = (Vec::new(), PageRequest::new(2, None).expect("limit"));
    loop {
        let found = tenants.list(&bench.system, &page).await.expect("lists");
        assert!(found.items.len() <= 2);
        names.extend(found.items.iter().map(|one| one.name.to_string()));
        match found.next_cursor {
            Some(cursor) => page = page.after(cursor),
            None => break,
        }
    }
    let mut sorted = names.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(names, sorted);
    for name in ["aa", "acme", "evil", "mm", "zz"] {
        assert!(names.iter().any(|one| one == name), "{name} is not in {names:?}");
    }
}

pub(crate) async fn a_deleted_tenant_takes_all_of_its_own_along_and_nothing_else(bench: &Bench) {
    let (tenants, users, system) = (bench.store.tenants(), bench.store.users(), &bench.system);
    let ada = user("ada");
    users.create(system, &ada, None).await.expect("creates");
    for name in ["acme", "evil"] {
        users.set_member(system, &membership(name, &ada)).await.expect("joins");
        users.create_service(&service(name, "robot")).await.expect("creates");
        bench.store.roles().create(&super::role::role(name, "helper")).await.expect("creates");
        let binding = super::role::binding(name, Some(name), &ada.subject_of(), "helper");
        bench.store.roles().bind(system, &binding).await.expect("binds");
        let (key, hash) = super::credential::key(name, Some(name), &ada.subject_of());
        bench.store.credentials().create(system, &key, &hash, &[]).await.expect("creates");
    }
    let function = stored(bench, &here(), "busy").await;
    let refused = tenants.delete(system, &tenant("acme")).await.expect_err("has functions");
    assert_eq!(refused.code(), Code::Conflict);
    assert!(tenants.get(&tenant("acme")).await.is_ok());
    let functions = bench.store.functions();
    functions.delete(&here(), &function.name).await.expect("deletes");
    tenants.delete(system, &tenant("acme")).await.expect("deletes");

    assert_eq!(tenants.get(&tenant("acme")).await.expect_err("gone").code(), Code::NotFound);
    assert_eq!(tenants.delete(system, &tenant("acme")).await.expect_err("gone").code(), Code::NotFound);
    let page = PageRequest::default();
    assert!(tenants.list_namespaces(&tenant("acme"), &page).await.expect("lists").items.is_empty());
    assert!(users.list_services(&tenant("acme"), &page).await.expect("lists").items.is_empty());
    assert!(bench.store.roles().list(&tenant("acme"), &page).await.expect("lists").items.is_empty());
    let of = |memberships: Vec<nova_domain::access::Membership>| {
        memberships.iter().map(|one| one.tenant.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of(users.memberships(system, &ada.id).await.expect("lists")), ["evil"]);
    let bound = bench.store.roles().roles_of(system, &ada.subject_of()).await.expect("lists");
    assert_eq!(bound.iter().map(|one| one.binding.id.as_str()).collect::<Vec<_>>(), ["B-evil"]);
    let kind = nova_domain::access::CredentialKind::Key;
    let keys =
        bench.store.credentials().list_of(system, &ada.subject_of(), kind, &page).await.expect("lists");
    assert_eq!(keys.items.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["K-evil"]);
    // The person stays: it may be a member elsewhere.
    assert!(users.get(system, &ada.id).await.is_ok());
}

pub(crate) async fn namespaces_belong_to_one_tenant_and_go_when_they_are_empty(bench: &Bench) {
    let tenants = bench.store.tenants();
    tenants.create_namespace(&namespace("acme", "blue")).await.expect("creates");
    tenants.create_namespace(&namespace("evil", "blue")).await.expect("another tenant's");
    assert_eq!(
        tenants.get_namespace(&scope("acme", "blue")).await.expect("reads"),
        namespace("acme", "blue")
    );
    let taken = tenants.create_namespace(&namespace("acme", "blue")).await.expect_err("taken");
    assert_eq!(taken.code(), Code::AlreadyExists);
    let nowhere = tenants.create_namespace(&namespace("nobody", "blue")).await.expect_err("no tenant");
    assert_eq!(nowhere.code(), Code::NotFound);
    let first = PageRequest::new(2, None).expect("limit");
    let one = tenants.list_namespaces(&tenant("acme"), &first).await.expect("lists");
    let rest = first.after(one.next_cursor.expect("another page"));
    let two = tenants.list_namespaces(&tenant("acme"), &rest).await.expect("lists");
    let names: Vec<_> = one.items.iter().chain(&two.items).map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["blue", "default", "prod", "staging"]);

    let blue = scope("acme", "blue");
    let function = stored(bench, &blue, "busy").await;
    assert_eq!(tenants.delete_namespace(&blue).await.expect_err("not empty").code(), Code::Conflict);
    bench.store.functions().delete(&blue, &function.name).await.expect("deletes");
    tenants.delete_namespace(&blue).await.expect("deletes");
    assert_eq!(tenants.delete_namespace(&blue).await.expect_err("gone").code(), Code::NotFound);
    assert!(tenants.get_namespace(&scope("evil", "blue")).await.is_ok(), "the other's stays");
}
