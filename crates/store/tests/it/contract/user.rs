use nova_domain::access::{CredentialKind, MemberRole, Membership, ServiceAccount, Subject, User};
use nova_domain::{Code, ServiceId, ServiceName, UserId};
use nova_store::PageRequest;
use nova_store::repo::{Accepted, UserChange};

use super::credential::{invitation, key};
use super::role::binding;
use super::tenant::tenant;
use crate::fixture::*;

pub(super) fn user(name: &str) -> User {
    User {
        id: UserId::new(format!("U-{name}")).expect("id"),
        email: format!("{name}@example.com"),
        name: format!("{name} 'of' \u{4e2d}"),
        superadmin: false,
        disabled: false,
        subject: None,
        created_at: at(3),
    }
}

/// The subject that a user is.
pub(super) trait SubjectOf {
    fn subject_of(&self) -> Subject;
}

impl SubjectOf for User {
    fn subject_of(&self) -> Subject {
        Subject::User(self.id.clone())
    }
}

pub(super) fn membership(of: &str, user: &User) -> Membership {
    Membership { tenant: tenant(of), user: user.id.clone(), role: MemberRole::Admin, created_at: at(4) }
}

pub(super) fn service(of: &str, name: &str) -> ServiceAccount {
    ServiceAccount {
        id: ServiceId::new(format!("S-{of}-{name}")).expect("id"),
        tenant: tenant(of),
        name: ServiceName::new(name).expect("name"),
        description: "a robot".to_owned(),
        created_at: at(5),
    }
}

pub(crate) async fn a_user_is_found_by_id_address_and_identity(bench: &Bench) {
    let (users, system) = (bench.store.users(), &bench.system);
    let ada = User { subject: Some(("https://id".to_owned(), "42".to_owned())), ..user("ada") };
    users.create(system, &ada, Some("$argon2id$x")).await.expect("creates");
    assert_eq!(users.get(system, &ada.id).await.expect("reads"), ada);
    let (found, password) =
        users.by_email(system, "ada@example.com").await.expect("reads").expect("is there");
    assert_eq!((found, password.as_deref()), (ada.clone(), Some("$argon2id$x")));
    assert_eq!(users.by_subject(system, "https://id", "42").await.expect("reads"), Some(ada.clone()));
    for (issuer, subject) in [("https://id", "4"), ("https://other", "42")] {
        assert_eq!(users.by_subject(system, issuer, subject).await.expect("reads"), None);
    }
    assert_eq!(users.by_email(system, "Ada@example.com").await.expect("reads"), None, "stored in lower case");
    let same_address = User { id: UserId::new("U-2").expect("id"), subject: None, ..ada.clone() };
    let same_identity = User { email: "b@example.com".to_owned(), subject: ada.subject.clone(), ..user("b") };
    for twice in [same_address, same_identity] {
        let fault = users.create(system, &twice, None).await.expect_err("taken");
        assert_eq!(fault.code(), Code::AlreadyExists, "{twice:?}");
    }
}

pub(crate) async fn a_change_of_a_user_changes_what_it_names_only(bench: &Bench) {
    let (users, system) = (bench.store.users(), &bench.system);
    let ada = user("ada");
    users.create(system, &ada, Some("first")).await.expect("creates");
    let change = UserChange { superadmin: Some(true), ..UserChange::default() };
    let changed = users.update(system, &ada.id, &change).await.expect("updates");
    assert_eq!(changed, User { superadmin: true, ..ada.clone() });
    let change = UserChange {
        password: Some("second".to_owned()),
        disabled: Some(true),
        subject: Some(("i".to_owned(), "s".to_owned())),
        ..UserChange::default()
    };
    users.update(system, &ada.id, &change).await.expect("updates");
    let (found, password) = users.by_email(system, &ada.email).await.expect("reads").expect("is there");
    assert_eq!((found.superadmin, found.disabled, password.as_deref()), (true, true, Some("second")));
    let bob = user("bob");
    users.create(system, &bob, None).await.expect("creates");
    let change = UserChange { subject: found.subject, ..UserChange::default() };
    let fault = users.update(system, &bob.id, &change).await.expect_err("linked already");
    assert_eq!(fault.code(), Code::AlreadyExists);
    let nobody = UserId::new("U-nobody").expect("id");
    let fault = users.update(system, &nobody, &UserChange::default()).await.expect_err("none");
    assert_eq!(fault.code(), Code::NotFound);
}

pub(crate) async fn a_deleted_user_leaves_no_way_in(bench: &Bench) {
    let (users, system) = (bench.store.users(), &bench.system);
    let (ada, bob) = (user("ada"), user("bob"));
    for one in [&ada, &bob] {
        users.create(system, one, None).await.expect("creates");
        users.set_member(system, &membership("acme", one)).await.expect("joins");
        let (made, hash) = key(one.id.as_str(), Some("acme"), &one.subject_of());
        bench.store.credentials().create(system, &made, &hash, &[]).await.expect("creates");
        let bound = binding(one.id.as_str(), Some("acme"), &one.subject_of(), "viewer");
        bench.store.roles().bind(system, &bound).await.expect("binds");
    }
    users.delete(system, &ada.id).await.expect("deletes");
    assert_eq!(users.get(system, &ada.id).await.expect_err("gone").code(), Code::NotFound);
    assert_eq!(users.delete(system, &ada.id).await.expect_err("gone").code(), Code::NotFound);
    assert!(users.memberships(system, &ada.id).await.expect("lists").is_empty());
    let page = PageRequest::default();
    for (one, left) in [(&ada, 0), (&bob, 1)] {
        let credentials = bench.store.credentials();
        let keys = credentials.list_of(system, &one.subject_of(), CredentialKind::Key, &page).await;
        assert_eq!(keys.expect("lists").items.len(), left);
        let roles = bench.store.roles().roles_of(system, &one.subject_of()).await.expect("lists");
        assert_eq!(roles.len(), left);
    }
    let members = users.members(system, &tenant("acme"), &page).await.expect("lists");
    assert_eq!(members.items.iter().map(|one| one.user.clone()).collect::<Vec<_>>(), [bob]);
}

pub(crate) async fn users_are_listed_by_address_and_members_by_id(bench: &Bench) {
    let (users, system) = (bench.store.users(), &bench.system);
    for name in ["c", "a", "b"] {
        let one = user(name);
        users.create(system, &one, None).await.expect("creates");
        users.set_member(system, &membership("acme", &one)).await.expect("joins");
    }
    let first = PageRequest::new(2, None).expect("limit");
    let one = users.list(system, &first).await.expect("lists");
    let two = users.list(system, &first.after(one.next_cursor.clone().expect("more"))).await.expect("lists");
    let names: Vec<_> = one.items.iter().chain(&two.items).map(|one| one.email.as_str()).collect();
    assert_eq!((names, two.next_cursor), (vec!["a@example.com", "b@example.com", "c@example.com"], None));
    let one = users.members(system, &tenant("acme"), &first).await.expect("lists");
    let next = first.after(one.next_cursor.clone().expect("more"));
    let two = users.members(system, &tenant("acme"), &next).await.expect("lists");
    let ids: Vec<_> = one.items.iter().chain(&two.items).map(|one| one.user.id.as_str()).collect();
    assert_eq!(ids, ["U-a", "U-b", "U-c"]);
    assert!(users.members(system, &tenant("evil"), &first).await.expect("lists").items.is_empty());
}

pub(crate) async fn a_membership_is_changed_in_place_and_ends_with_its_bindings(bench: &Bench) {
    let (users, roles, system) = (bench.store.users(), bench.store.roles(), &bench.system);
    let ada = user("ada");
    users.create(system, &ada, None).await.expect("creates");
    for of in ["acme", "evil"] {
        users.set_member(system, &membership(of, &ada)).await.expect("joins");
        roles.bind(system, &binding(of, Some(of), &ada.subject_of(), "operator")).await.expect("binds");
    }
    let owner = Membership { role: MemberRole::Owner, ..membership("acme", &ada) };
    users.set_member(system, &owner).await.expect("changes");
    let found = users.memberships(system, &ada.id).await.expect("lists");
    assert_eq!(found, [owner, membership("evil", &ada)]);

    users.remove_member(system, &tenant("acme"), &ada.id).await.expect("removes");
    let again = users.remove_member(system, &tenant("acme"), &ada.id).await.expect_err("gone");
    assert_eq!(again.code(), Code::NotFound);
    assert_eq!(users.memberships(system, &ada.id).await.expect("lists"), [membership("evil", &ada)]);
    let left = roles.roles_of(system, &ada.subject_of()).await.expect("lists");
    assert_eq!(left.iter().map(|one| one.binding.id.as_str()).collect::<Vec<_>>(), ["B-evil"]);
    for (of, who) in [("nobody", &ada), ("acme", &user("stranger"))] {
        let fault = users.set_member(system, &membership(of, who)).await.expect_err("not there");
        assert_eq!(fault.code(), Code::NotFound, "{of}");
    }
}

pub(crate) async fn an_invitation_works_once_and_not_after_its_time(bench: &Bench) {
    let (users, credentials, system) = (bench.store.users(), bench.store.credentials(), &bench.system);
    let accepted = |hash, name: &str| Accepted {
        invitation: hash,
        user: user(name),
        password: Some("secret".to_owned()),
        membership: Some(membership("acme", &user(name))),
    };
    let (first, hash) = invitation("one", "acme", at(100));
    credentials.create(system, &first, &hash, &[]).await.expect("creates");
    let late = users.accept(system, &accepted(hash, "ada"), at(100)).await.expect_err("too old");
    assert_eq!(late.code(), Code::NotFound);
    assert_eq!(users.by_email(system, "ada@example.com").await.expect("reads"), None, "nothing was stored");
    let joined = users.accept(system, &accepted(hash, "ada"), at(99)).await.expect("accepts");
    assert_eq!(joined, user("ada"));
    assert_eq!(users.memberships(system, &joined.id).await.expect("lists"), [membership("acme", &joined)]);
    let twice = users.accept(system, &accepted(hash, "bob"), at(99)).await.expect_err("used up");
    assert_eq!(twice.code(), Code::NotFound);

    // Somebody who is there already keeps name, password, and what they are.
    let (second, hash) = invitation("two", "acme", at(100));
    credentials.create(system, &second, &hash, &[]).await.expect("creates");
    let known = Accepted {
        invitation: hash,
        user: User { id: UserId::new("U-new").expect("id"), name: "new".to_owned(), ..joined.clone() },
        password: Some("other".to_owned()),
        membership: Some(Membership { role: MemberRole::Member, ..membership("acme", &joined) }),
    };
    assert_eq!(users.accept(system, &known, at(1)).await.expect("accepts"), joined);
    let (_, password) = users.by_email(system, &joined.email).await.expect("reads").expect("is there");
    assert_eq!(password.as_deref(), Some("secret"));
    let found = users.memberships(system, &joined.id).await.expect("lists");
    assert_eq!(found[0].role, MemberRole::Admin);
}

pub(crate) async fn of_many_who_accept_an_invitation_at_once_one_does(bench: &Bench) {
    let (made, hash) = invitation("one", "acme", at(100));
    bench.store.credentials().create(&bench.system, &made, &hash, &[]).await.expect("creates");
    let tries = (0..8).map(|number| {
        let (store, system) = (bench.store.clone(), bench.system.clone());
        tokio::spawn(async move {
            let user = user(&format!("u{number}"));
            let membership = Some(membership("acme", &user));
            let accepted = Accepted { invitation: hash, user, password: None, membership };
            store.users().accept(&system, &accepted, at(1)).await
        })
    });
    let mut won = 0;
    for one in futures_of(tries.collect()).await {
        match one {
            Ok(_) => won += 1,
            Err(fault) => assert_eq!(fault.code(), Code::NotFound),
        }
    }
    assert_eq!(won, 1);
    let users = bench.store.users().list(&bench.system, &PageRequest::default()).await.expect("lists");
    assert_eq!(users.items.len(), 1);
}

async fn futures_of<T>(tasks: Vec<tokio::task::JoinHandle<T>>) -> Vec<T> {
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.expect("no panic"));
    }
    all
}

pub(crate) async fn service_accounts_are_of_one_tenant_and_end_with_their_keys(bench: &Bench) {
    let (users, system) = (bench.store.users(), &bench.system);
    for (of, name) in [("acme", "b"), ("acme", "a"), ("evil", "a")] {
        let made = service(of, name);
        users.create_service(&made).await.expect("creates");
        let subject = Subject::Service(made.id.clone());
        let (key, hash) = key(made.id.as_str(), Some(of), &subject);
        let bound = binding(made.id.as_str(), Some(of), &subject, "invoker");
        bench.store.credentials().create(system, &key, &hash, &[bound]).await.expect("creates");
    }
    let twice = ServiceAccount { id: ServiceId::new("S-other").expect("id"), ..service("acme", "a") };
    assert_eq!(users.create_service(&twice).await.expect_err("taken").code(), Code::AlreadyExists);
    let name = ServiceName::new("b").expect("name");
    assert_eq!(users.get_service(&tenant("acme"), &name).await.expect("reads"), service("acme", "b"));
    // Another tenant's is as one that is not there.
    let hidden = users.get_service(&tenant("evil"), &name).await.expect_err("hidden");
    assert_eq!(hidden.code(), Code::NotFound);
    let hidden = users.delete_service(&tenant("evil"), &name).await.expect_err("hidden");
    assert_eq!(hidden.code(), Code::NotFound);
    let listed = users.list_services(&tenant("acme"), &PageRequest::default()).await.expect("lists");
    assert_eq!(listed.items, [service("acme", "a"), service("acme", "b")]);

    let gone = users.delete_service(&tenant("acme"), &ServiceName::new("a").expect("name")).await;
    assert_eq!(gone.expect("deletes"), service("acme", "a"));
    for (of, left) in [("acme", 0), ("evil", 1)] {
        let id = service(of, "a").id;
        let subject = Subject::Service(id.clone());
        let page = PageRequest::default();
        let keys = bench.store.credentials().list_of(system, &subject, CredentialKind::Key, &page).await;
        assert_eq!(keys.expect("lists").items.len(), left, "{of}");
        assert_eq!(bench.store.roles().roles_of(system, &subject).await.expect("lists").len(), left, "{of}");
        assert_eq!(users.service_by_id(system, &id).await.expect("reads").is_some(), left == 1);
    }
}
