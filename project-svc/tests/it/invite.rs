//! Inviting people into a workspace by their address.

use events::topic::user::{MemberJoined, MemberLeft, WorkspacePlace};
use events::{Envelope, Event};
use kernel::{Clock, Role, UserId};
use serde_json::{Value, json};

use crate::client::{Person, text};
use crate::world::World;

async fn workspace(person: &Person) -> String {
    let made = person
        .post("/workspaces", json!({"name": "Customers"}))
        .await;
    text(&made.expect(201), "id")
}

async fn roles(person: &Person, workspace: &str) -> Vec<(String, String)> {
    let members = person
        .get(&format!("/workspaces/{workspace}/members"))
        .await
        .expect(200);
    let members = members["items"].as_array().unwrap().iter();
    members
        .map(|one| (text(one, "user_id"), text(one, "role")))
        .collect()
}

fn told<E: Event>(world: &World, clock: &Clock, event: &E) -> Envelope {
    Envelope::new(&world.app.ids, clock, "identity", world.tenant, None, event)
}

#[tokio::test]
async fn member_is_put_in_at_once_and_a_stranger_gets_mail() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let id = workspace(&owner).await;
    let path = format!("/workspaces/{id}/invite");
    let member = world.person(Role::Member).id;
    world.neighbours.know(member, Role::Member);
    world.neighbours.know_address("grace@example.com", member);

    let body = json!({"email": "grace@example.com", "role": "admin"});
    let answer = owner.post(&path, body.clone()).await;
    assert_eq!(
        answer.header("location"),
        format!("/api/v1/workspaces/{id}/members/{member}")
    );
    let put_in = answer.expect(201);
    assert_eq!(put_in["member"]["user_id"], json!(member));
    assert_eq!(
        (&put_in["member"]["role"], &put_in["invitation"]),
        (&json!("admin"), &Value::Null)
    );
    let events = world.events().await;
    assert_eq!(events.last().unwrap(), "workspace.member_added");
    let again = owner.post(&path, body).await;
    let _ = again.expect_problem(409, "already_in_workspace");

    let body = json!({"email": "new@example.com", "role": "viewer", "organization_role": "viewer"});
    let invited = owner.post(&path, body).await.expect(201);
    assert_eq!(invited["invitation"]["email"], "new@example.com");
    assert_eq!(invited["member"], Value::Null);
    let asked = world.neighbours.invited().pop().unwrap();
    let place = json!({"workspace_id": id, "role": "viewer"});
    assert_eq!(
        (&asked["workspace"], &asked["role"]),
        (&place, &json!("viewer"))
    );
    assert_eq!(
        roles(&owner, &id).await.len(),
        2,
        "nobody is in it before accepting"
    );
    world.end().await;
}

#[tokio::test]
async fn what_identity_refuses_is_refused_and_only_owners_make_owners() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let id = workspace(&owner).await;
    let path = format!("/workspaces/{id}/invite");
    let above = json!({"email": "new@example.com", "organization_role": "owner"});
    let refused = owner.post(&path, above).await;
    let _ = refused.expect_problem(403, "role_not_grantable");
    for (body, pointer) in [
        (json!({}), "/email"),
        (json!({"email": "nobody"}), "/email"),
        (json!({"email": "new@example.com", "role": "boss"}), "/role"),
        (
            json!({"email": "new@example.com", "user_id": owner.id}),
            "/user_id",
        ),
    ] {
        owner.post(&path, body).await.expect_refused(&[pointer]);
    }
    let member = world.person(Role::Member);
    world.neighbours.know(member.id, Role::Member);
    let admin = json!({"user_id": member.id, "role": "admin"});
    let _ = owner
        .post(&format!("/workspaces/{id}/members"), admin)
        .await
        .expect(201);
    let to_be = json!({"email": "new@example.com", "role": "owner"});
    let _ = member
        .post(&path, to_be)
        .await
        .expect_problem(403, "permission_denied");
    let _ = member
        .post(&path, json!({"email": "new@example.com"}))
        .await
        .expect(201);
    world.end().await;
}

#[tokio::test]
async fn who_accepts_is_in_the_workspace() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let id = workspace(&owner).await;
    let handler = project_svc::jobs::people::handler(world.state.clone());
    let clock = Clock::fixed(Clock::system().now());
    let (grace, linus): (UserId, UserId) = (world.app.ids.next(), world.app.ids.next());
    let joined = |user_id: UserId, workspace_id: &str| MemberJoined {
        user_id,
        name: "Grace".to_owned(),
        role: Role::Member,
        workspace: Some(WorkspacePlace {
            workspace_id: workspace_id.parse().unwrap(),
            role: "viewer".to_owned(),
        }),
    };
    let came = told(&world, &clock, &joined(grace, &id));
    // Twice, as the broker may bring it.
    assert_eq!(
        handler(vec![came.clone(), came]).await,
        vec![events::Action::Ack; 2]
    );
    let expected = (grace.to_string(), "viewer".to_owned());
    assert!(roles(&owner, &id).await.contains(&expected));
    let added = world.events().await;
    assert_eq!(
        added
            .iter()
            .filter(|kind| *kind == "workspace.member_added")
            .count(),
        1
    );

    // Into a workspace that is gone, and somebody who has left already.
    let gone = workspace(&owner).await;
    owner
        .delete(&format!("/workspaces/{gone}"))
        .await
        .expect(204);
    let late = told(&world, &clock, &joined(linus, &gone));
    let again = told(&world, &clock, &joined(linus, &id));
    clock.advance(chrono::TimeDelta::seconds(1));
    let left = told(&world, &clock, &MemberLeft { user_id: linus });
    assert_eq!(
        handler(vec![late, left, again]).await,
        vec![events::Action::Ack; 3]
    );
    assert_eq!(roles(&owner, &id).await.len(), 2);
    world.end().await;
}
