//! The OpenAPI document: what clients are promised.

use crate::world::World;

#[tokio::test]
async fn document_describes_each_public_operation() {
    let world = World::new().await;
    let document = world
        .get("/internal/openapi.json")
        .send()
        .await
        .expect(200)
        .body;
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(operation["summary"].is_string(), "{id}");
            operations.push(format!("{id}: {} {path}", method.to_uppercase()));
        }
    }
    operations.sort();
    let expected = [
        "accept_invitation: POST /api/v1/invitations/accept",
        "accept_invitation_signed_in: POST /api/v1/auth/invitations/accept",
        "change_email: POST /api/v1/auth/change-email",
        "change_password: PUT /api/v1/auth/password",
        "confirm_email: POST /api/v1/auth/confirm-email",
        "confirm_registration: POST /api/v1/auth/register/confirm",
        "confirm_totp: POST /api/v1/auth/totp/confirm",
        "create_identity_provider: POST /api/v1/organization/identity-providers",
        "create_invitation: POST /api/v1/invitations",
        "create_organization: POST /api/v1/organizations",
        "create_passkey: POST /api/v1/auth/passkeys",
        "create_passkey_login: POST /api/v1/auth/passkeys/login/options",
        "create_passkey_options: POST /api/v1/auth/passkeys/options",
        "create_recovery_codes: POST /api/v1/auth/recovery-codes",
        "create_role: POST /api/v1/roles",
        "create_second_factor_passkey: POST /api/v1/auth/second-factor/passkey",
        "create_ticket: POST /api/v1/auth/organizations/{tenant_id}/ticket",
        "create_token: POST /api/v1/tokens",
        "create_totp: POST /api/v1/auth/totp",
        "deactivate: POST /api/v1/auth/deactivate",
        "delete_avatar: DELETE /api/v1/auth/avatar",
        "delete_identity_provider: DELETE /api/v1/organization/identity-providers/{id}",
        "delete_invitation: DELETE /api/v1/invitations/{id}",
        "delete_other_sessions: DELETE /api/v1/auth/sessions",
        "delete_passkey: DELETE /api/v1/auth/passkeys/{id}",
        "delete_role: DELETE /api/v1/roles/{id}",
        "delete_session: DELETE /api/v1/auth/sessions/{id}",
        "delete_token: DELETE /api/v1/tokens/{id}",
        "delete_totp: DELETE /api/v1/auth/totp",
        "delete_user: DELETE /api/v1/users/{id}",
        "enroll_second_factor: POST /api/v1/auth/second-factor/enroll",
        "erase_account: POST /api/v1/auth/erase",
        "export_account: POST /api/v1/auth/export",
        "export_audit_events: GET /api/v1/audit-events/export",
        "find_my_organizations: POST /api/v1/auth/organizations",
        "finish_provider_sign_in: GET /api/v1/auth/oauth/finish",
        "forgot_password: POST /api/v1/auth/forgot-password",
        "get_account_archive: GET /api/v1/auth/export/{id}/archive",
        "get_account_export: GET /api/v1/auth/export/{id}",
        "get_avatar: GET /api/v1/users/{id}/avatar",
        "get_erasure_report: POST /api/v1/auth/erase/report",
        "get_identity_provider: GET /api/v1/organization/identity-providers/{id}",
        "get_keys: GET /.well-known/jwks.json",
        "get_me: GET /api/v1/auth/me",
        "get_organization: GET /api/v1/organization",
        "get_preferences: GET /api/v1/auth/preferences",
        "get_profile: GET /api/v1/auth/profile",
        "get_reset_token: GET /api/v1/auth/validate-forgot-password-token",
        "get_role: GET /api/v1/roles/{id}",
        "get_second_factors: GET /api/v1/auth/second-factors",
        "get_subdomain: GET /api/v1/subdomains/{name}",
        "get_user: GET /api/v1/users/{id}",
        "give_second_factor: POST /api/v1/auth/second-factor",
        "leave_organization: DELETE /api/v1/users/me",
        "link_provider: POST /api/v1/auth/oauth/{provider}/link",
        "list_audit_events: GET /api/v1/audit-events",
        "list_identities: GET /api/v1/auth/identities",
        "list_identity_providers: GET /api/v1/organization/identity-providers",
        "list_invitations: GET /api/v1/invitations",
        "list_my_organizations: GET /api/v1/auth/organizations",
        "list_passkeys: GET /api/v1/auth/passkeys",
        "list_providers: GET /api/v1/auth/providers",
        "list_roles: GET /api/v1/roles",
        "list_sessions: GET /api/v1/auth/sessions",
        "list_tokens: GET /api/v1/tokens",
        "list_users: GET /api/v1/users",
        "login: POST /api/v1/auth/login",
        "login_with_passkey: POST /api/v1/auth/passkeys/login",
        "logout: POST /api/v1/auth/logout",
        "preview_invitation: POST /api/v1/invitations/preview",
        "redeem_ticket: POST /api/v1/auth/tickets",
        "refresh_session: POST /api/v1/auth/refresh",
        "register: POST /api/v1/auth/register",
        "replace_avatar: PUT /api/v1/auth/avatar",
        "replace_me: PUT /api/v1/auth/me",
        "replace_preferences: PUT /api/v1/auth/preferences",
        "replace_profile: PUT /api/v1/auth/profile",
        "replace_user: PUT /api/v1/users/{id}",
        "resend_invitation: POST /api/v1/invitations/{id}/resend",
        "reset_password: POST /api/v1/auth/reset-password",
        "return_from_provider: GET /api/v1/auth/oauth/callback/{provider}",
        "send_verification: POST /api/v1/auth/verify-email",
        "start_provider_sign_in: GET /api/v1/auth/oauth/{provider}/start",
        "transfer_ownership: POST /api/v1/users/{id}/transfer-ownership",
        "unlink_identity: DELETE /api/v1/auth/identities/{provider}",
        "update_identity_provider: PATCH /api/v1/organization/identity-providers/{id}",
        "update_me: PATCH /api/v1/auth/me",
        "update_organization: PATCH /api/v1/organization",
        "update_profile: PATCH /api/v1/auth/profile",
        "update_role: PATCH /api/v1/roles/{id}",
        "update_user: PATCH /api/v1/users/{id}",
        "validate_reset_token: POST /api/v1/auth/validate-forgot-password-token",
        "verify_email: POST /api/v1/auth/verify-email-token",
    ];
    assert_eq!(operations, expected);
    world.close().await;
}
