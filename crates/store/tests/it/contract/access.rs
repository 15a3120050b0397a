use nova_domain::access::{
    Binding, Credential, CredentialKind, MemberRole, Membership, Namespace, Pattern, Permission,
    PermissionSet, Role, ServiceAccount, Subject, Tenant, User,
};
use nova_domain::{
    BindingId, Code, CredentialId, Digest, FaultResult, NamespaceName, RoleName, ServiceId, ServiceName,
    TenantName, UserId,
};
use nova_store::PageRequest;
use nova_store::repo::{Accepted, UserChange};

use crate::fixture::*;

fn acme() -> TenantName {
    here().tenant
}

fn evil() -> TenantName {
    scope("evil", "prod").tenant
}

fn code<T: std::fmt::Debug>(result: FaultResult<T>) -> Code {
    result.expect_err("refused").code()
}

fn uid(text: &str) -> UserId {
    UserId::new(text).expect("user id")
}

fn cid(text: &str) -> CredentialId {
    CredentialId::new(text).expect("credential id")
}

fn user(text: &str) -> User {
    User {
        id: uid(text),
        email: format!("{text}@example.com"),
        name: format!("Name of {text} \u{1f980}"),
        superadmin: false,
        disabled: false,
        subject: None,
        created_at: at(5),
    }
}

fn credential(kind: CredentialKind, id: &str, tenant: Option<TenantName>, owner: Subject) -> Credential {
    Credential {
        id: cid(id),
        kind,
        tenant,
        owner,
        name: format!("name of {id}"),
        prefix: "nova_abc".into(),
        created_at: at(5),
        expires_at: None,
        last_used_at: None,
        note: serde_json::json!({"odd": "\u{0}'\""}),
    }
}

fn binding(id: &str, tenant: Option<TenantName>, subject: Subject, role: &str) -> Binding {
    Binding {
        id: BindingId::new(id).expect("binding id"),
        tenant,
        subject,
        role: RoleName::new(role).expect("role name"),
        namespaces: Pattern::parse("prod").expect("pattern"),
        resources: Pattern::parse("billing-*").expect("pattern"),
        created_at: at(5),
    }
}

fn role(tenant: TenantName, name: &str) -> Role {
    Role {
        tenant,
        name: RoleName::new(name).expect("role name"),
        description: "d".into(),
        permissions: PermissionSet::of(&[Permission::FunctionRead, Permission::LogRead]),
        created_at: at(5),
    }
}

fn service(tenant: TenantName, id: &str, name: &str) -> ServiceAccount {
    ServiceAccount {
        id: ServiceId::new(id).expect("service id"),
        tenant,
        name: ServiceName::new(name).expect("service name"),
        description: "d".into(),
        created_at: at(5),
    }
}

async fn key(bench: &Bench, id: &str, tenant: Option<TenantName>, owner: Subject, byte: u8) -> Credential {
    let key = credential(CredentialKind::Key, id, tenant, owner);
    bench.store.credentials().create(&bench.system, &key, &digest(byte), &[]).await.expect("creates");
    key
}

pub(crate) async fn tenants_and_namespaces_are_made_listed_and_deleted_when_they_are_empty(bench: &Bench) {
    let tenants = bench.store.tenants();
    let new =
        Tenant { name: TenantName::new("new").expect("tenant"), description: "N".into(), created_at: at(9) };
    tenants.create(&bench.system, &new).await.expect("creates");
    assert_eq!(code(tenants.create(&bench.system, &new).await), Code::AlreadyExists);
    assert_eq!(tenants.get(&new.name).await.expect("found"), new);
    let first = scope("new", "default");
    assert_eq!(tenants.get_namespace(&first).await.expect("made with it").created_at, at(9));
    let part = |name: &str| Namespace {
        tenant: new.name.clone(),
        name: NamespaceName::new(name).expect("namespace"),
        description: String::new(),
        created_at: at(9),
    };
    tenants.create_namespace(&part("a")).await.expect("creates");
    assert_eq!(code(tenants.create_namespace(&part("a")).await), Code::AlreadyExists);
    let nowhere = Namespace { tenant: TenantName::new("nowhere").expect("tenant"), ..part("a") };
    assert_eq!(code(tenants.create_namespace(&nowhere).await), Code::NotFound);
    assert_eq!(code(tenants.get_namespace(&scope("evil", "a")).await), Code::NotFound);
    let names =
        tenants.list_namespaces(&new.name, &PageRequest::new(1, None).expect("valid")).await.expect("lists");
    assert_eq!(names.items[0].name.as_str(), "a");
    let rest = PageRequest::new(5, names.next_cursor).expect("valid");
    let rest = tenants.list_namespaces(&new.name, &rest).await.expect("lists");
    assert_eq!(rest.items.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["default"]);
    let all = tenants.list(&bench.system, &PageRequest::largest()).await.expect("lists").items;
    assert!(all.is_sorted_by_key(|tenant| tenant.name.clone()) && all.contains(&new));

    // A function keeps both.
    let one = stored(bench, &scope("new", "a"), "f").await;
    assert_eq!(code(tenants.delete_namespace(&scope("new", "a")).await), Code::Conflict);
    assert_eq!(code(tenants.delete(&bench.system, &new.name).await), Code::Conflict);
    bench.store.functions().delete(&scope("new", "a"), &one.name).await.expect("deletes");
    tenants.delete_namespace(&scope("new", "a")).await.expect("deletes");
    assert_eq!(code(tenants.delete_namespace(&scope("new", "a")).await), Code::NotFound);
    let lost = function(&scope("new", "a"), "g");
    let version = version(&lost, 1, nova_domain::version::CompileStatus::NotRequired);
    assert_eq!(
        code(bench.store.functions().create(&scope("new", "a"), &lost, &version).await),
        Code::NotFound
    );
    tenants.delete(&bench.system, &new.name).await.expect("deletes");
    assert_eq!(code(tenants.delete(&bench.system, &new.name).await), Code::NotFound);
    assert_eq!(code(tenants.get(&new.name).await), Code::NotFound);
}

pub(crate) async fn what_lets_act_in_a_tenant_goes_with_it_and_nothing_else(bench: &Bench) {
    let store = &bench.store;
    store.users().create(&bench.system, &user("ada"), None).await.expect("creates");
    for tenant in [acme(), evil()] {
        let member = Membership {
            tenant: tenant.clone(),
            user: uid("ada"),
            role: MemberRole::Admin,
            created_at: at(1),
        };
        store.users().set_member(&bench.system, &member).await.expect("joins");
        let id = format!("b-{tenant}");
        let bound = binding(&id, Some(tenant.clone()), Subject::User(uid("ada")), "viewer");
        store.roles().bind(&bench.system, &bound).await.expect("binds");
        store.roles().create(&role(tenant.clone(), "own")).await.expect("creates");
        store
            .users()
            .create_service(&service(tenant.clone(), &format!("s-{tenant}"), "ci"))
            .await
            .expect("creates");
    }
    key(bench, "k-acme", Some(acme()), Subject::Key(cid("k-acme")), 1).await;
    key(bench, "k-evil", Some(evil()), Subject::Key(cid("k-evil")), 2).await;
    store.tenants().delete(&bench.system, &acme()).await.expect("deletes");
    assert!(store.credentials().by_hash(&bench.system, &digest(1)).await.expect("asks").is_none());
    assert!(store.credentials().by_hash(&bench.system, &digest(2)).await.expect("asks").is_some());
    let left = store.users().memberships(&bench.system, &uid("ada")).await.expect("lists");
    assert_eq!(left.iter().map(|one| one.tenant.clone()).collect::<Vec<_>>(), [evil()]);
    let roles = store.roles().roles_of(&bench.system, &Subject::User(uid("ada"))).await.expect("lists");
    assert_eq!(roles.iter().map(|one| one.binding.tenant.clone()).collect::<Vec<_>>(), [Some(evil())]);
    let gone = ServiceId::new("s-acme").expect("id");
    assert!(store.users().service_by_id(&bench.system, &gone).await.expect("asks").is_none());
    // One of the same name begins empty.
    let again = Tenant { name: acme(), description: String::new(), created_at: at(9) };
    store.tenants().create(&bench.system, &again).await.expect("creates");
    assert!(store.roles().list(&acme(), &PageRequest::largest()).await.expect("lists").items.is_empty());
    let members = store.users().members(&bench.system, &acme(), &PageRequest::largest()).await;
    assert!(members.expect("lists").items.is_empty());
}

pub(crate) async fn users_are_found_by_address_and_identity_and_changed_field_by_field(bench: &Bench) {
    let users = bench.store.users();
    let linked = User { subject: Some(("https://idp".into(), "7".into())), ..user("ada") };
    users.create(&bench.system, &linked, Some("$argon2id$x")).await.expect("creates");
    assert_eq!(users.get(&bench.system, &uid("ada")).await.expect("found"), linked);
    let (found, password) =
        users.by_email(&bench.system, "ada@example.com").await.expect("asks").expect("there");
    assert_eq!((found, password.as_deref()), (linked.clone(), Some("$argon2id$x")));
    assert!(users.by_email(&bench.system, "eve@example.com").await.expect("asks").is_none());
    let found = users.by_subject(&bench.system, "https://idp", "7").await.expect("asks");
    assert_eq!(found, Some(linked.clone()));
    assert!(users.by_subject(&bench.system, "https://other", "7").await.expect("asks").is_none());

    let same_address = User { id: uid("eve"), subject: None, ..linked.clone() };
    assert_eq!(code(users.create(&bench.system, &same_address, None).await), Code::AlreadyExists);
    let same_identity = User { subject: linked.subject.clone(), ..user("eve") };
    assert_eq!(code(users.create(&bench.system, &same_identity, None).await), Code::AlreadyExists);
    users.create(&bench.system, &user("bob"), None).await.expect("creates");
    let link = UserChange { subject: linked.subject.clone(), ..UserChange::default() };
    assert_eq!(code(users.update(&bench.system, &uid("bob"), &link).await), Code::AlreadyExists);

    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    let changed = users.update(&bench.system, &uid("ada"), &change).await.expect("changes");
    assert_eq!(changed, User { disabled: true, ..linked.clone() });
    let change =
        UserChange { password: Some("$argon2id$y".into()), name: Some("A".into()), ..UserChange::default() };
    users.update(&bench.system, &uid("ada"), &change).await.expect("changes");
    let (_, password) = users.by_email(&bench.system, "ada@example.com").await.expect("asks").expect("there");
    assert_eq!(password.as_deref(), Some("$argon2id$y"));
    assert_eq!(code(users.update(&bench.system, &uid("nobody"), &change).await), Code::NotFound);
    let page = users.list(&bench.system, &PageRequest::new(1, None).expect("valid")).await.expect("lists");
    assert_eq!(page.items[0].id, uid("ada"));
    let rest = PageRequest::new(1, page.next_cursor).expect("valid");
    assert_eq!(users.list(&bench.system, &rest).await.expect("lists").items[0].id, uid("bob"));

    // With somebody goes what lets them act.
    let owner = Subject::User(uid("ada"));
    key(bench, "k1", Some(acme()), owner.clone(), 1).await;
    bench
        .store
        .roles()
        .bind(&bench.system, &binding("b1", Some(acme()), owner.clone(), "viewer"))
        .await
        .expect("binds");
    users.delete(&bench.system, &uid("ada")).await.expect("deletes");
    assert_eq!(code(users.delete(&bench.system, &uid("ada")).await), Code::NotFound);
    assert!(bench.store.credentials().by_hash(&bench.system, &digest(1)).await.expect("asks").is_none());
    assert!(bench.store.roles().roles_of(&bench.system, &owner).await.expect("lists").is_empty());
}

pub(crate) async fn an_invitation_is_used_once_and_brings_account_and_membership_together(bench: &Bench) {
    let store = &bench.store;
    let invite = async |byte: u8, ends: Option<i64>| {
        let id = format!("i{byte}");
        let mut invitation =
            credential(CredentialKind::Invitation, &id, Some(acme()), Subject::Key(cid(&id)));
        invitation.expires_at = ends.map(at);
        store.credentials().create(&bench.system, &invitation, &digest(byte), &[]).await.expect("creates");
    };
    let accepted = |byte: u8, user: User, role: MemberRole| Accepted {
        invitation: digest(byte),
        membership: Some(Membership { tenant: acme(), user: user.id.clone(), role, created_at: at(3) }),
        user,
        password: Some("$argon2id$x".into()),
    };
    invite(1, Some(100)).await;
    let ada = accepted(1, user("ada"), MemberRole::Member);
    assert_eq!(code(store.users().accept(&bench.system, &ada, at(100)).await), Code::NotFound, "too old");
    assert_eq!(
        code(store.users().get(&bench.system, &uid("ada")).await),
        Code::NotFound,
        "nothing was stored"
    );
    invite(2, Some(100)).await;
    let ada = accepted(2, user("ada"), MemberRole::Member);
    let made = store.users().accept(&bench.system, &ada, at(99)).await.expect("accepts");
    assert_eq!(made, user("ada"));
    assert_eq!(code(store.users().accept(&bench.system, &ada, at(99)).await), Code::NotFound, "used up");
    // An account that is there is used as it is, and a membership stays what it was.
    invite(3, None).await;
    let renamed = User { name: "Other".into(), ..user("ada") };
    let made = store.users().accept(&bench.system, &accepted(3, renamed, MemberRole::Owner), at(99)).await;
    assert_eq!(made.expect("accepts").name, user("ada").name);
    let members =
        store.users().members(&bench.system, &acme(), &PageRequest::largest()).await.expect("lists");
    assert_eq!(members.items.len(), 1);
    assert_eq!(
        (members.items[0].membership.role, &members.items[0].user.email),
        (MemberRole::Member, &made_email())
    );
    // A key is no invitation.
    key(bench, "k1", Some(acme()), Subject::Key(cid("k1")), 9).await;
    let wrong = accepted(9, user("eve"), MemberRole::Owner);
    assert_eq!(code(store.users().accept(&bench.system, &wrong, at(1)).await), Code::NotFound);

    let promoted =
        Membership { tenant: acme(), user: uid("ada"), role: MemberRole::Admin, created_at: at(8) };
    store.users().set_member(&bench.system, &promoted).await.expect("changes");
    let now = store.users().memberships(&bench.system, &uid("ada")).await.expect("lists");
    assert_eq!((now.len(), now[0].role, now[0].created_at), (1, MemberRole::Admin, at(3)));
    let nobody = Membership { user: uid("nobody"), ..promoted.clone() };
    assert_eq!(code(store.users().set_member(&bench.system, &nobody).await), Code::NotFound);
    let nowhere = Membership { tenant: TenantName::new("nowhere").expect("tenant"), ..promoted };
    assert_eq!(code(store.users().set_member(&bench.system, &nowhere).await), Code::NotFound);
    let owner = Subject::User(uid("ada"));
    for (id, tenant) in [("b1", acme()), ("b2", evil())] {
        store
            .roles()
            .bind(&bench.system, &binding(id, Some(tenant), owner.clone(), "viewer"))
            .await
            .expect("binds");
    }
    store.users().remove_member(&bench.system, &acme(), &uid("ada")).await.expect("ends");
    assert_eq!(code(store.users().remove_member(&bench.system, &acme(), &uid("ada")).await), Code::NotFound);
    let left = store.roles().roles_of(&bench.system, &owner).await.expect("lists");
    assert_eq!(left.len(), 1, "the binding in the tenant went, the other stayed");
}

fn made_email() -> String {
    user("ada").email
}

pub(crate) async fn credentials_are_found_by_the_hash_alone_and_listed_by_owner_and_tenant(bench: &Bench) {
    let (credentials, system) = (bench.store.credentials(), &bench.system);
    assert!(!credentials.any_server_key(system).await.expect("asks"));
    let own = Subject::Key(cid("k1"));
    let mut first = credential(CredentialKind::Key, "k1", None, own.clone());
    first.expires_at = Some(at(50));
    let bound = binding("b1", None, own.clone(), "superadmin");
    credentials.create(system, &first, &digest(1), std::slice::from_ref(&bound)).await.expect("creates");
    assert!(credentials.any_server_key(system).await.expect("asks"));
    assert_eq!(credentials.by_hash(system, &digest(1)).await.expect("asks"), Some(first.clone()));
    assert_eq!(credentials.get(system, &cid("k1")).await.expect("found"), first);
    assert_eq!(credentials.by_hash(system, &digest(2)).await.expect("asks"), None);
    let roles = bench.store.roles().roles_of(system, &own).await.expect("lists");
    assert_eq!((roles.len(), &roles[0].binding), (1, &bound));
    // Neither of two with one hash or one id: and the roles of the second are not stored.
    let twice = credential(CredentialKind::Key, "k2", None, Subject::Key(cid("k2")));
    let second = binding("b2", None, Subject::Key(cid("k2")), "viewer");
    let same = credentials.create(system, &twice, &digest(1), std::slice::from_ref(&second)).await;
    same.expect_err("the hash is taken");
    assert!(bench.store.roles().roles_of(system, &Subject::Key(cid("k2"))).await.expect("lists").is_empty());

    key(bench, "k3", Some(acme()), Subject::Key(cid("k3")), 3).await;
    key(bench, "k4", Some(acme()), Subject::Key(cid("k4")), 4).await;
    let session = credential(CredentialKind::Session, "s1", None, own.clone());
    credentials.create(system, &session, &digest(5), &[]).await.expect("creates");
    let ids = |items: Vec<Credential>| items.into_iter().map(|item| item.id.to_string()).collect::<Vec<_>>();
    let all = PageRequest::largest();
    let of_acme = credentials.list(system, Some(&acme()), CredentialKind::Key, &all).await.expect("lists");
    assert_eq!(ids(of_acme.items), ["k3", "k4"]);
    let (of, one) = (acme(), PageRequest::new(1, None).expect("valid"));
    let page = credentials.list(system, Some(&of), CredentialKind::Key, &one).await.expect("lists");
    let rest = PageRequest::new(1, page.next_cursor).expect("valid");
    let rest = credentials.list(system, Some(&acme()), CredentialKind::Key, &rest).await.expect("lists");
    assert_eq!((ids(page.items), ids(rest.items)), (vec!["k3".to_owned()], vec!["k4".to_owned()]));
    let of_server = credentials.list(system, None, CredentialKind::Key, &all).await.expect("lists");
    assert_eq!(ids(of_server.items), ["k1"]);
    let sessions = credentials.list_of(system, &own, CredentialKind::Session, &all).await.expect("lists");
    assert_eq!(ids(sessions.items), ["s1"]);

    // With a key go its roles and the sessions begun as it.
    credentials.delete(system, &cid("k1")).await.expect("deletes");
    assert_eq!(code(credentials.delete(system, &cid("k1")).await), Code::NotFound);
    assert_eq!(credentials.by_hash(system, &digest(5)).await.expect("asks"), None);
    assert!(bench.store.roles().roles_of(system, &own).await.expect("lists").is_empty());
}

pub(crate) async fn last_use_never_goes_back_and_what_ended_is_pruned_keys_later(bench: &Bench) {
    let (credentials, system) = (bench.store.credentials(), &bench.system);
    let owner = Subject::User(uid("ada"));
    for (byte, (id, kind, ends)) in [
        ("key-old", CredentialKind::Key, Some(10)),
        ("key-new", CredentialKind::Key, Some(60)),
        ("session-old", CredentialKind::Session, Some(60)),
        ("session-on", CredentialKind::Session, Some(200)),
        ("invited", CredentialKind::Invitation, Some(60)),
        ("for-ever", CredentialKind::Session, None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut new = credential(kind, id, None, owner.clone());
        new.expires_at = ends.map(at);
        credentials.create(system, &new, &digest(byte as u8), &[]).await.expect("creates");
    }
    let used = |text: &str, micros: i64| (cid(text), at(micros));
    credentials
        .touch(system, &[used("for-ever", 40), used("key-new", 7), used("nobody", 1)])
        .await
        .expect("notes");
    credentials.touch(system, &[used("for-ever", 30)]).await.expect("notes");
    assert_eq!(credentials.get(system, &cid("for-ever")).await.expect("found").last_used_at, Some(at(40)));
    assert_eq!(credentials.prune(system, at(100), at(50)).await.expect("prunes"), 3);
    for (id, there) in [
        ("key-old", false),
        ("key-new", true),
        ("session-old", false),
        ("session-on", true),
        ("invited", false),
    ] {
        assert_eq!(credentials.get(system, &cid(id)).await.is_ok(), there, "{id}");
    }
    let gone = credentials.delete_of(system, &owner, CredentialKind::Session, Some(&cid("for-ever"))).await;
    assert_eq!(gone.expect("ends"), 1);
    assert!(
        credentials.get(system, &cid("for-ever")).await.is_ok()
            && credentials.get(system, &cid("key-new")).await.is_ok()
    );
}

pub(crate) async fn roles_stay_while_they_are_given_and_are_read_with_their_bindings(bench: &Bench) {
    let (roles, system) = (bench.store.roles(), &bench.system);
    let made = role(acme(), "deployer");
    roles.create(&made).await.expect("creates");
    assert_eq!(code(roles.create(&made).await), Code::AlreadyExists);
    roles.create(&role(evil(), "deployer")).await.expect("each tenant has its own");
    assert_eq!(
        code(roles.create(&role(TenantName::new("nowhere").expect("tenant"), "x")).await),
        Code::NotFound
    );
    assert_eq!(roles.get(&acme(), &made.name).await.expect("found"), made);
    let changed = Role {
        permissions: PermissionSet::of(&[Permission::SecretRead]),
        description: "e".into(),
        ..made.clone()
    };
    roles.update(&changed).await.expect("changes");
    assert_eq!(roles.get(&acme(), &made.name).await.expect("found"), changed);
    assert_eq!(roles.get(&evil(), &made.name).await.expect("found").permissions, made.permissions);
    assert_eq!(code(roles.update(&role(acme(), "nothing")).await), Code::NotFound);

    let subject = Subject::Service(ServiceId::new("s1").expect("id"));
    let custom = binding("b1", Some(acme()), subject.clone(), "deployer");
    let built_in = binding("b2", None, subject.clone(), "viewer");
    for bound in [&custom, &built_in] {
        roles.bind(system, bound).await.expect("binds");
    }
    let mut held = roles.roles_of(system, &subject).await.expect("lists");
    held.sort_by_key(|one| one.binding.id.to_string());
    assert_eq!((&held[0].binding, held[0].custom), (&custom, Some(changed.permissions)));
    assert_eq!((&held[1].binding, held[1].custom), (&built_in, None));
    assert_eq!(code(roles.delete(&acme(), &made.name).await), Code::Conflict);
    let of_acme = roles.bindings(system, Some(&acme()), &PageRequest::largest()).await.expect("lists");
    assert_eq!(of_acme.items, [custom.clone()]);
    let of_server = roles.bindings(system, None, &PageRequest::largest()).await.expect("lists");
    assert_eq!(of_server.items, [built_in]);
    assert_eq!(
        code(roles.unbind(system, Some(&evil()), &custom.id).await),
        Code::NotFound,
        "of another tenant"
    );
    assert_eq!(roles.unbind(system, Some(&acme()), &custom.id).await.expect("takes away"), custom);
    roles.delete(&acme(), &made.name).await.expect("deletes");
    assert_eq!(code(roles.delete(&acme(), &made.name).await), Code::NotFound);
    assert!(roles.list(&acme(), &PageRequest::largest()).await.expect("lists").items.is_empty());
}

pub(crate) async fn service_accounts_are_of_one_tenant_and_end_with_their_keys(bench: &Bench) {
    let users = bench.store.users();
    let made = service(acme(), "s1", "ci");
    users.create_service(&made).await.expect("creates");
    assert_eq!(code(users.create_service(&service(acme(), "s2", "ci")).await), Code::AlreadyExists);
    users.create_service(&service(evil(), "s3", "ci")).await.expect("each tenant has its own");
    let nowhere = service(TenantName::new("nowhere").expect("tenant"), "s4", "ci");
    assert_eq!(code(users.create_service(&nowhere).await), Code::NotFound);
    assert_eq!(users.get_service(&acme(), &made.name).await.expect("found"), made);
    assert_eq!(users.service_by_id(&bench.system, &made.id).await.expect("asks"), Some(made.clone()));
    let listed = users.list_services(&acme(), &PageRequest::largest()).await.expect("lists").items;
    assert_eq!(listed, [made.clone()]);
    let owner = Subject::Service(made.id.clone());
    key(bench, "k1", Some(acme()), owner.clone(), 1).await;
    bench
        .store
        .roles()
        .bind(&bench.system, &binding("b1", Some(acme()), owner.clone(), "viewer"))
        .await
        .expect("binds");
    assert_eq!(users.delete_service(&acme(), &made.name).await.expect("deletes"), made);
    assert_eq!(code(users.delete_service(&acme(), &made.name).await), Code::NotFound);
    let by: Option<Credential> =
        bench.store.credentials().by_hash(&bench.system, &digest(1)).await.expect("asks");
    assert_eq!(by, None);
    assert!(bench.store.roles().roles_of(&bench.system, &owner).await.expect("lists").is_empty());
    let other: Digest = digest(2);
    assert!(bench.store.credentials().by_hash(&bench.system, &other).await.expect("asks").is_none());
    assert!(users.get_service(&evil(), &made.name).await.is_ok());
}
