//! Invitations, members, passwords, roles.

use nova_control::access::{KeyOwner, NewKey, RoleGrant};
use nova_domain::access::Pattern;
use nova_domain::{Code, RoleName, TenantName};
use serde_json::{Value, json};

use crate::support::{Reply, Server};

const PASSWORD: &str = "correct horse battery";

struct World {
    server: Server,
    root: String,
}

impl World {
    async fn new() -> Self {
        let server = Server::guarded().await;
        let root = server.access.first_key().await.expect("works").expect("the first").secret;
        let world = Self { server, root };
        world.root("POST", "/tenants", json!({"name": "acme"})).await.good(201);
        world
    }

    async fn root(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = self.server.request(method, path).bearer_auth(&self.root);
        self.server.send(request.header("x-nova-tenant", "acme").json(&body)).await
    }

    async fn open(&self, path: &str, body: Value) -> Reply {
        self.server.send(self.server.request("POST", path).json(&body)).await
    }

    /// Invites somebody, who accepts; their id.
    async fn join(&self, email: &str, role: &str) -> String {
        let invited =
            self.root("POST", "/invitations", json!({"email": email, "role": role})).await.good(201);
        let body = json!({"secret": invited["secret"], "name": "N", "password": PASSWORD});
        self.open("/auth/accept", body).await.good(200)["id"].as_str().expect("id").to_owned()
    }

    /// Signs in; the cookie.
    async fn sign_in(&self, email: &str, password: &str) -> Reply {
        self.open("/auth/sign-in", json!({"email": email, "password": password})).await
    }

    async fn cookie(&self, email: &str) -> String {
        let reply = self.sign_in(email, PASSWORD).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        reply.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }

    async fn with(&self, cookie: &str, method: &str, path: &str, body: Value) -> Reply {
        let request =
            self.server.request(method, path).header("cookie", cookie).header("x-nova-console", "1");
        self.server.send(request.json(&body)).await
    }
}

#[tokio::test]
async fn an_invitation_makes_an_account_once_and_its_password_signs_in() {
    let world = World::new().await;
    let invited = world.root("POST", "/invitations", json!({"email": "Ada@Example.com"})).await.good(201);
    assert_eq!(invited["invitation"]["role"], "member");
    let secret = &invited["secret"];
    assert_eq!(invited["path"], format!("/ui/accept#{}", secret.as_str().expect("shown")));
    let weak = json!({"secret": secret, "name": "Ada", "password": "short"});
    world.open("/auth/accept", weak).await.problem(400, "invalid_argument");
    let body = json!({"secret": secret, "name": "Ada", "password": PASSWORD});
    let user = world.open("/auth/accept", body.clone()).await.good(200);
    assert_eq!((&user["email"], &user["superadmin"]), (&json!("ada@example.com"), &json!(false)));
    world.open("/auth/accept", body).await.problem(404, "not_found");
    for (email, password) in
        [("ada@example.com", "wrong horse battery"), ("eve@example.com", PASSWORD), ("", "")]
    {
        let problem = world.sign_in(email, password).await.problem(401, "unauthenticated");
        assert_eq!(problem["detail"], "address or password is not right");
    }
    let me = world.sign_in(" ADA@example.com", PASSWORD).await.good(200);
    assert_eq!((&me["kind"], &me["tenant"]), (&json!("user"), &json!("acme")), "home is the only membership");
    assert_eq!(me["scopes"], json!([{"tenant": "acme", "namespaces": ["default"]}]));
    let cookie = world.cookie("ada@example.com").await;
    world.with(&cookie, "GET", "/functions", json!(null)).await.good(200);
    world.with(&cookie, "GET", "/members", json!(null)).await.problem(403, "permission_denied");
    world.with(&cookie, "GET", "/tenants/default", json!(null)).await.problem(403, "permission_denied");
}

#[tokio::test]
async fn an_invitation_alone_does_not_open_an_account_that_is_there() {
    let world = World::new().await;
    let id = world.join("ada@example.com", "member").await;
    world.root("POST", "/tenants", json!({"name": "other"})).await.good(201);
    let request = world.server.request("POST", "/invitations").bearer_auth(&world.root);
    let request = request.header("x-nova-tenant", "other").json(&json!({"email": "ada@example.com"}));
    let secret = world.server.send(request).await.good(201)["secret"].clone();
    let body = |password: &str| json!({"secret": secret, "name": "Eve", "password": password});
    world.open("/auth/accept", body("another long password")).await.problem(401, "unauthenticated");
    let user = world.open("/auth/accept", body(PASSWORD)).await.good(200);
    assert_eq!((&user["id"], &user["name"]), (&json!(id), &json!("N")));
    let me = world.sign_in("ada@example.com", PASSWORD).await.good(200);
    assert_eq!(me["scopes"].as_array().expect("scopes").len(), 2);
}

#[tokio::test]
async fn members_cannot_raise_themselves_and_an_owner_stays() {
    let world = World::new().await;
    let admin_id = world.join("admin@example.com", "admin").await;
    let owner_id = world.join("owner@example.com", "owner").await;
    let member_id = world.join("member@example.com", "member").await;
    let (admin, owner) = (world.cookie("admin@example.com").await, world.cookie("owner@example.com").await);
    let path = |id: &str| format!("/members/{id}");
    let role = |role: &str| json!({"role": role});
    world.with(&admin, "PUT", &path(&admin_id), role("owner")).await.problem(403, "permission_denied");
    world.with(&admin, "PUT", &path(&owner_id), role("member")).await.problem(403, "permission_denied");
    world.with(&admin, "DELETE", &path(&owner_id), json!(null)).await.problem(403, "permission_denied");
    let sly = json!({"email": "eve@example.com", "role": "owner"});
    world.with(&admin, "POST", "/invitations", sly).await.problem(403, "permission_denied");
    let sly = json!({"email": "eve@example.com", "superadmin": true});
    world.with(&owner, "POST", "/invitations", sly).await.problem(403, "permission_denied");
    world.with(&admin, "PUT", &path(&member_id), role("admin")).await.good(200);
    world.with(&owner, "PUT", &path(&owner_id), role("member")).await.problem(409, "conflict");
    world.with(&owner, "PUT", &path(&admin_id), role("owner")).await.good(200);
    world.with(&owner, "PUT", &path(&admin_id), role("king")).await.problem(400, "invalid_argument");
    let gone = world.with(&owner, "DELETE", &path(&member_id), json!(null)).await;
    assert_eq!(gone.status, 204);
    let members = world.with(&owner, "GET", "/members", json!(null)).await.good(200);
    assert_eq!(members["items"].as_array().expect("items").len(), 2);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_a_new_password_ends_other_sessions() {
    let world = World::new().await;
    let id = world.join("ada@example.com", "member").await;
    let (one, two) = (world.cookie("ada@example.com").await, world.cookie("ada@example.com").await);
    let next = json!({"old": PASSWORD, "new": "another long password"});
    world
        .with(&one, "POST", "/auth/password", json!({"old": "wrong horse battery", "new": PASSWORD}))
        .await
        .problem(401, "unauthenticated");
    assert_eq!(world.with(&one, "POST", "/auth/password", next).await.status, 204);
    world.with(&one, "GET", "/auth/me", json!(null)).await.good(200);
    world.with(&two, "GET", "/auth/me", json!(null)).await.problem(401, "unauthenticated");
    world.sign_in("ada@example.com", PASSWORD).await.problem(401, "unauthenticated");
    let user = format!("/users/{id}");
    world.root("PATCH", &user, json!({"disabled": true})).await.good(200);
    world.with(&one, "GET", "/auth/me", json!(null)).await.problem(401, "unauthenticated");
    world.sign_in("ada@example.com", "another long password").await.problem(401, "unauthenticated");
    world.root("PATCH", &user, json!({"disabled": false})).await.good(200);
    world.sign_in("ada@example.com", "another long password").await.good(200);
    assert_eq!(world.root("DELETE", &user, json!(null)).await.status, 204);
    world.sign_in("ada@example.com", "another long password").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_custom_role_holds_from_its_binding_to_its_end() {
    let world = World::new().await;
    let id = world.join("ada@example.com", "member").await;
    let cookie = world.cookie("ada@example.com").await;
    let see = async || world.with(&cookie, "GET", "/keys", json!(null)).await;
    see().await.problem(403, "permission_denied");
    let role = json!({"name": "auditor", "permissions": ["key:read"]});
    world.root("POST", "/roles", role.clone()).await.good(201);
    world.root("POST", "/roles", role).await.problem(409, "already_exists");
    let unknown = json!({"name": "x", "permissions": ["key:*"]});
    world.root("POST", "/roles", unknown).await.problem(400, "invalid_argument");
    let bind = json!({"subject": format!("user:{id}"), "role": "auditor"});
    let bound = world.root("POST", "/bindings", bind).await.good(201);
    see().await.good(200);
    world.root("DELETE", "/roles/auditor", json!(null)).await.problem(409, "conflict");
    world.root("PUT", "/roles/auditor", json!({"permissions": ["role:read"]})).await.good(200);
    see().await.problem(403, "permission_denied");
    let path = format!("/bindings/{}", bound["id"].as_str().expect("id"));
    assert_eq!(world.root("DELETE", &path, json!(null)).await.status, 204);
    assert_eq!(world.root("DELETE", "/roles/auditor", json!(null)).await.status, 204);
    for stranger in ["user:01NOBODY", "key:01NOBODY", "service:01NOBODY", "dev", "token:x"] {
        let bind = json!({"subject": stranger, "role": "viewer"});
        world.root("POST", "/bindings", bind).await.problem(400, "invalid_argument");
    }
}

#[tokio::test]
async fn a_narrowed_key_of_a_user_makes_no_wider_one() {
    let world = World::new().await;
    world.join("ada@example.com", "owner").await;
    let cookie = world.cookie("ada@example.com").await;
    let access = &world.server.access;
    let session = cookie.split_once('=').expect("a cookie").1;
    let ada = access.by_session(session).await.expect("signed in");
    let new = |role: Option<&str>| NewKey {
        tenant: Some(TenantName::new("acme").expect("valid")),
        name: "mine".to_owned(),
        owner: KeyOwner::Caller,
        roles: Vec::from_iter(role.map(|role| RoleGrant {
            role: RoleName::new(role).expect("valid"),
            namespaces: Pattern::All,
            resources: Pattern::All,
        })),
        lasts: None,
        pair: false,
        function: None,
    };
    access.create_key(&ada, new(None)).await.expect("all that she may");
    let narrow = access.create_key(&ada, new(Some("admin"))).await.expect("less than she may");
    let narrow = access.by_key(&narrow.secret).await.expect("known");
    access.create_key(&narrow, new(Some("viewer"))).await.expect("less than it may");
    for wider in [None, Some("owner")] {
        let fault = access.create_key(&narrow, new(wider)).await.expect_err("wider than it is");
        assert_eq!(fault.code(), Code::PermissionDenied, "{wider:?}");
    }
}
