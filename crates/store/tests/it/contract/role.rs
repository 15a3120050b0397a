use nova_domain::access::{Binding, Pattern, Permission, PermissionSet, Role, Subject};
use nova_domain::{BindingId, Code, RoleName};
use nova_store::PageRequest;

use super::tenant::tenant;
use super::user::{SubjectOf as _, user};
use crate::fixture::*;

fn name(text: &str) -> RoleName {
    RoleName::new(text).expect("role")
}

pub(super) fn role(of: &str, text: &str) -> Role {
    Role {
        tenant: tenant(of),
        name: name(text),
        description: "of a test".to_owned(),
        permissions: PermissionSet::of(&[Permission::FunctionInvoke, Permission::LogRead]),
        created_at: at(6),
    }
}

pub(super) fn binding(id: &str, of: Option<&str>, subject: &Subject, role: &str) -> Binding {
    Binding {
        id: BindingId::new(format!("B-{id}")).expect("id"),
        tenant: of.map(tenant),
        subject: subject.clone(),
        role: name(role),
        namespaces: Pattern::parse("prod").expect("pattern"),
        resources: Pattern::parse("api-*").expect("pattern"),
        created_at: at(7),
    }
}

pub(crate) async fn a_custom_role_is_its_tenants_own(bench: &Bench) {
    let roles = bench.store.roles();
    for of in ["acme", "evil"] {
        roles.create(&role(of, "helper")).await.expect("creates");
    }
    roles.create(&role("acme", "another")).await.expect("creates");
    assert_eq!(roles.create(&role("acme", "helper")).await.expect_err("taken").code(), Code::AlreadyExists);
    assert_eq!(roles.get(&tenant("acme"), &name("helper")).await.expect("reads"), role("acme", "helper"));
    let listed = roles.list(&tenant("acme"), &PageRequest::default()).await.expect("lists");
    assert_eq!(listed.items, [role("acme", "another"), role("acme", "helper")]);
    for of in ["evil", "nobody"] {
        let fault = roles.get(&tenant(of), &name("another")).await.expect_err("hidden");
        assert_eq!(fault.code(), Code::NotFound);
        let fault = roles.update(&role(of, "another")).await.expect_err("hidden");
        assert_eq!(fault.code(), Code::NotFound);
        let fault = roles.delete(&tenant(of), &name("another")).await.expect_err("hidden");
        assert_eq!(fault.code(), Code::NotFound);
    }
    let less = Role { permissions: PermissionSet::default(), ..role("acme", "helper") };
    roles.update(&less).await.expect("updates");
    assert_eq!(roles.get(&tenant("acme"), &name("helper")).await.expect("reads"), less);
    assert_eq!(roles.get(&tenant("evil"), &name("helper")).await.expect("reads"), role("evil", "helper"));
}

pub(crate) async fn a_role_that_is_bound_stays_until_it_is_taken_away(bench: &Bench) {
    let (roles, system) = (bench.store.roles(), &bench.system);
    let ada = user("ada").subject_of();
    bench.store.users().create(system, &user("ada"), None).await.expect("creates");
    roles.create(&role("acme", "helper")).await.expect("creates");
    roles.create(&role("evil", "helper")).await.expect("creates");
    roles.bind(system, &binding("1", Some("acme"), &ada, "helper")).await.expect("binds");
    let fault = roles.delete(&tenant("acme"), &name("helper")).await.expect_err("bound");
    assert_eq!(fault.code(), Code::Conflict);
    roles.delete(&tenant("evil"), &name("helper")).await.expect("the other's is not bound");
    let id = BindingId::new("B-1").expect("id");
    for elsewhere in [Some(tenant("evil")), None] {
        let fault = roles.unbind(system, elsewhere.as_ref(), &id).await.expect_err("not there");
        assert_eq!(fault.code(), Code::NotFound);
    }
    let taken = roles.unbind(system, Some(&tenant("acme")), &id).await.expect("unbinds");
    assert_eq!(taken, binding("1", Some("acme"), &ada, "helper"));
    let fault = roles.unbind(system, Some(&tenant("acme")), &id).await.expect_err("gone");
    assert_eq!(fault.code(), Code::NotFound);
    roles.delete(&tenant("acme"), &name("helper")).await.expect("deletes");
}

pub(crate) async fn what_somebody_may_is_found_over_all_tenants(bench: &Bench) {
    let (roles, system) = (bench.store.roles(), &bench.system);
    let (ada, bob) = (user("ada").subject_of(), user("bob").subject_of());
    for one in ["ada", "bob"] {
        bench.store.users().create(system, &user(one), None).await.expect("creates");
    }
    roles.create(&role("acme", "helper")).await.expect("creates");
    let all = [
        binding("1", Some("acme"), &ada, "helper"),
        // A role of that name is in another tenant only, and means nothing here.
        binding("2", Some("evil"), &ada, "helper"),
        binding("3", None, &ada, "viewer"),
        binding("4", Some("acme"), &bob, "viewer"),
    ];
    for one in &all {
        roles.bind(system, one).await.expect("binds");
    }
    let mut found = roles.roles_of(system, &ada).await.expect("lists");
    found.sort_by(|a, b| a.binding.id.as_str().cmp(b.binding.id.as_str()));
    let bindings: Vec<_> = found.iter().map(|one| one.binding.clone()).collect();
    assert_eq!(bindings, all[..3]);
    let customs: Vec<_> = found.iter().map(|one| one.custom).collect();
    assert_eq!(customs, [Some(role("acme", "helper").permissions), None, None]);

    let first = PageRequest::new(1, None).expect("limit");
    let one = roles.bindings(system, Some(&tenant("acme")), &first).await.expect("lists");
    let next = first.after(one.next_cursor.clone().expect("more"));
    let two = roles.bindings(system, Some(&tenant("acme")), &next).await.expect("lists");
    assert_eq!([&one.items[..], &two.items[..]].concat(), [all[0].clone(), all[3].clone()]);
    let server = roles.bindings(system, None, &PageRequest::default()).await.expect("lists");
    assert_eq!(server.items, [all[2].clone()]);
}
