//! Users, members, invitations, service accounts, roles, bindings, sessions.

use reqwest::Method;

use super::access::of_server;
use super::{Client, ClientError, ListKeys, PageQuery};
use crate::v1::{
    BindingView, CreateBinding, CreateInvitation, CreateRole, CreateServiceAccount, CreatedInvitation,
    InvitationView, MemberView, Page, PatchUser, PutRole, RoleView, ServiceAccountView, SessionView,
    SetMember, UserView,
};

impl Client {
    /// Every user of the server.
    pub async fn list_users(&self, page: &PageQuery) -> Result<Page<UserView>, ClientError> {
        self.fetch(self.get(&["users"]).query(page)).await
    }

    /// One user of the server.
    pub async fn get_user(&self, id: &str) -> Result<UserView, ClientError> {
        self.fetch(self.get(&["users", id])).await
    }

    /// Changes, disables or enables a user.
    pub async fn change_user(&self, id: &str, patch: &PatchUser) -> Result<UserView, ClientError> {
        self.fetch(self.request(Method::PATCH, &["users", id]).json(patch)).await
    }

    /// Deletes a user of the server.
    pub async fn delete_user(&self, id: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["users", id])).await.map(|_| ())
    }

    /// Members of the tenant.
    pub async fn list_members(&self, page: &PageQuery) -> Result<Page<MemberView>, ClientError> {
        self.fetch(self.get(&["members"]).query(page)).await
    }

    /// Makes a user a member, or changes what the member is.
    pub async fn set_member(&self, id: &str, body: &SetMember) -> Result<MemberView, ClientError> {
        self.fetch(self.request(Method::PUT, &["members", id]).json(body)).await
    }

    /// Ends a membership.
    pub async fn remove_member(&self, id: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["members", id])).await.map(|_| ())
    }

    /// Invites somebody.
    pub async fn create_invitation(&self, body: &CreateInvitation) -> Result<CreatedInvitation, ClientError> {
        self.fetch(self.request(Method::POST, &["invitations"]).json(body)).await
    }

    /// Invitations that were not accepted yet, of the tenant or of the server.
    pub async fn list_invitations(&self, query: &ListKeys) -> Result<Page<InvitationView>, ClientError> {
        self.fetch(self.get(&["invitations"]).query(query)).await
    }

    /// Takes an invitation back.
    pub async fn delete_invitation(&self, id: &str, server: bool) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &["invitations", id]).query(&of_server(server));
        self.send(request).await.map(|_| ())
    }

    /// Makes a service account.
    pub async fn create_service_account(
        &self,
        body: &CreateServiceAccount,
    ) -> Result<ServiceAccountView, ClientError> {
        self.fetch(self.request(Method::POST, &["service-accounts"]).json(body)).await
    }

    /// Service accounts of the tenant.
    pub async fn list_service_accounts(
        &self,
        page: &PageQuery,
    ) -> Result<Page<ServiceAccountView>, ClientError> {
        self.fetch(self.get(&["service-accounts"]).query(page)).await
    }

    /// One service account.
    pub async fn get_service_account(&self, name: &str) -> Result<ServiceAccountView, ClientError> {
        self.fetch(self.get(&["service-accounts", name])).await
    }

    /// Deletes a service account; its keys end.
    pub async fn delete_service_account(&self, name: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["service-accounts", name])).await.map(|_| ())
    }

    /// Makes a role.
    pub async fn create_role(&self, body: &CreateRole) -> Result<RoleView, ClientError> {
        self.fetch(self.request(Method::POST, &["roles"]).json(body)).await
    }

    /// The built-in roles and those of the tenant.
    pub async fn list_roles(&self, page: &PageQuery) -> Result<Page<RoleView>, ClientError> {
        self.fetch(self.get(&["roles"]).query(page)).await
    }

    /// One role.
    pub async fn get_role(&self, name: &str) -> Result<RoleView, ClientError> {
        self.fetch(self.get(&["roles", name])).await
    }

    /// Changes a role of the tenant.
    pub async fn put_role(&self, name: &str, body: &PutRole) -> Result<RoleView, ClientError> {
        self.fetch(self.request(Method::PUT, &["roles", name]).json(body)).await
    }

    /// Deletes a role that nobody has.
    pub async fn delete_role(&self, name: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["roles", name])).await.map(|_| ())
    }

    /// Gives a role to somebody.
    pub async fn create_binding(&self, body: &CreateBinding) -> Result<BindingView, ClientError> {
        self.fetch(self.request(Method::POST, &["bindings"]).json(body)).await
    }

    /// Who has which role, in the tenant or over the server.
    pub async fn list_bindings(&self, query: &ListKeys) -> Result<Page<BindingView>, ClientError> {
        self.fetch(self.get(&["bindings"]).query(query)).await
    }

    /// Takes a role away.
    pub async fn delete_binding(&self, id: &str, server: bool) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &["bindings", id]).query(&of_server(server));
        self.send(request).await.map(|_| ())
    }

    /// The caller's sessions.
    pub async fn list_sessions(&self, page: &PageQuery) -> Result<Page<SessionView>, ClientError> {
        self.fetch(self.get(&["auth", "sessions"]).query(page)).await
    }

    /// Ends one of the caller's sessions.
    pub async fn end_session(&self, id: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["auth", "sessions", id])).await.map(|_| ())
    }
}
