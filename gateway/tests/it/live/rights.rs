use std::time::{Duration, Instant};

use chrono::TimeDelta;
use events::topic::board::BoardDeleted;
use events::topic::project::{ProjectMemberRemoved, ProjectUpdated};
use events::topic::session::SessionRevoked;
use events::topic::tenant::TenantSuspended;
use events::topic::user::{MemberLeft, UserPermissionChanged};
use events::topic::workspace::WorkspaceMemberRemoved;
use kernel::{Clock, Ids, Role, SessionId, UserId, WorkspaceId};
use serde_json::json;

use super::client::Client;
use super::world::World;
use crate::support::{claims, signer, tenant};

/// What the product promises.
const SOON: Duration = Duration::from_secs(1);

#[tokio::test]
async fn who_is_removed_from_a_project_is_out_of_its_rooms_within_a_second() {
    let world = World::new().await;
    let (user, other) = (world.insider(), world.insider());
    let (mut removed, mut stays) = (world.at_board(user).await, world.at_board(other).await);
    removed.joined(&world.project_room()).await;
    world.sight.take(user);
    let event = ProjectMemberRemoved {
        project_id: world.project,
        user_id: user,
    };
    let since = Instant::now();
    world.tell(&event).await;
    removed.event("project:member:removed").await;
    let mut rooms = [
        removed.event("room:left").await,
        removed.event("room:left").await,
    ];
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    rooms.sort_by_key(|left| left["room"].as_str().unwrap().to_owned());
    let expected = [world.board_room(), world.project_room()]
        .map(|room| json!({"room": room, "reason": "removed"}));
    assert_eq!(rooms, expected);

    world.tell(&world.updated(1)).await;
    stays.event("project:member:removed").await;
    stays.event("kanban:card:updated").await;
    let answer = removed.join(&world.board_room()).await;
    assert_eq!(answer["code"], "not_found", "nothing came in between");
}

#[tokio::test]
async fn who_is_removed_from_a_workspace_is_out_of_all_that_may_lie_in_it() {
    let world = World::new().await;
    let (user, workspace_id): (UserId, WorkspaceId) = (world.insider(), Ids::system().next());
    world
        .sight
        .give(user, format!("workspaces/{workspace_id}"), None);
    let mut client = world.at_board(user).await;
    client.joined(&format!("workspace:{workspace_id}")).await;
    let event = WorkspaceMemberRemoved {
        workspace_id,
        user_id: user,
    };
    world.tell(&event).await;
    client.event("workspace:member:removed").await;
    client.event("room:left").await;
    client.event("room:left").await;
    client.joined(&world.board_room()).await;
}

#[tokio::test]
async fn a_project_that_is_closed_to_others_lets_everybody_ask_anew() {
    let world = World::new().await;
    let mut client = world.at_board(world.insider()).await;
    let event: ProjectUpdated = serde_json::from_value(json!({
        "project_id": world.project, "changed": ["is_public"],
    }))
    .unwrap();
    world.tell(&event).await;
    client.event("project:updated").await;
    assert_eq!(client.event("room:left").await["reason"], "changed");
    client.joined(&world.board_room()).await;
    let event = BoardDeleted {
        board_id: world.board,
        project_id: world.project,
    };
    world.tell(&event).await;
    client.event("kanban:board:deleted").await;
    assert_eq!(client.event("room:left").await["reason"], "deleted");
}

#[tokio::test]
async fn a_session_that_ends_ends_its_connections_within_a_second_and_no_others() {
    let world = World::new().await;
    let session: SessionId = Ids::system().next();
    let token = world.door.token_of_session(world.of, session);
    let mut ended = Client::open(&world.door, &world.host(), &token).await;
    let mut stays = world.at_board(world.insider()).await;
    let event = SessionRevoked {
        session_id: session,
        user_id: Ids::system().next(),
        expires_at: Clock::system().now() + TimeDelta::minutes(15),
    };
    let since = Instant::now();
    world.tell(&event).await;
    let code = ended.event("live:closed").await;
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    assert_eq!(code["code"], "session_revoked");
    world.tell(&world.updated(1)).await;
    stays.event("kanban:card:updated").await;
}

#[tokio::test]
async fn a_client_that_does_not_leave_is_cut() {
    let world = World::new().await;
    let user = world.insider();
    let mut client = world.at_board(user).await;
    world.tell(&MemberLeft { user_id: user }).await;
    assert_eq!(client.end().await, "member_left");
}

#[tokio::test]
async fn other_rights_and_a_closed_organization_end_connections() {
    let world = World::new().await;
    let [user, other] = [world.insider(), world.insider()];
    let (mut client, mut last) = (world.at_board(user).await, world.at_board(other).await);
    let role = Role::Viewer;
    let event = UserPermissionChanged {
        user_id: user,
        role,
        permissions: None,
    };
    world.tell(&event).await;
    assert_eq!(client.end().await, "rights_changed");
    let event = TenantSuspended {
        tenant_id: tenant(world.of),
        subdomain: "acme".into(),
    };
    world.tell(&event).await;
    assert_eq!(last.end().await, "organization_closed");
}

#[tokio::test]
async fn a_connection_lives_as_long_as_its_token_unless_a_newer_one_comes() {
    let world = World::new().await;
    let (user, session) = (world.insider(), Ids::system().next());
    let sign = |seconds: i64, session| {
        let mut claims = claims(world.of, session, user, Role::Member);
        claims.exp = Clock::system().now().timestamp() + seconds;
        signer().sign(&claims).unwrap()
    };
    let mut short = Client::open(&world.door, &world.host(), &sign(4, session)).await;
    let mut renewed = Client::open(&world.door, &world.host(), &sign(4, session)).await;
    short.event("live:expiring").await;
    renewed.event("live:expiring").await;
    let foreign = json!({"token": sign(900, Ids::system().next())});
    assert_eq!(renewed.ask("auth", &foreign).await["code"], "token_refused");
    let own = json!({"token": sign(900, session)});
    assert_eq!(renewed.ask("auth", &own).await["ok"], true);
    assert_eq!(short.end().await, "token_expired");
    renewed.joined(&world.board_room()).await;
}
