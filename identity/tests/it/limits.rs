//! How many people the plan of an organization allows.

use futures::future::join_all;
use sea_orm::sqlx::Executor;
use serde_json::json;

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

async fn invite(world: &World, at: &Organization, email: &str) -> Answer {
    let body = json!({"email": email, "role": "member"});
    let call = world.post("/api/v1/invitations", &body).at(at.id);
    call.bearer(&at.owner).send().await
}

async fn accept(world: &World, at: &Organization, token: &str) -> Answer {
    let body = json!({"token": token, "name": "Grace Hopper", "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(at.id);
    call.send().await
}

#[tokio::test]
async fn members_and_open_invitations_fill_a_plan() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.resolver.claims().people = Some(2);
    invite(&world, &acme, "grace@example.com").await.expect(201);
    let beyond = invite(&world, &acme, "linus@example.com").await;
    assert_eq!(beyond.problem(), (403, "limit_people"));
    assert_eq!(
        world
            .count("mail_queue where recipient = 'linus@example.com'")
            .await,
        0
    );
    // A newer invitation takes the place of the older one, and one that expired has none.
    invite(&world, &acme, "grace@example.com").await.expect(201);
    world
        .alter("update invitations set expires_at = created_at")
        .await;
    invite(&world, &acme, "linus@example.com").await.expect(201);
    world.close().await;
}

#[tokio::test]
async fn who_was_invited_joins_while_the_plan_has_room() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let token = world.invite(&acme, "grace@example.com", "member").await;
    world.resolver.claims().people = Some(1);
    let refused = accept(&world, &acme, &token).await;
    assert_eq!(refused.problem(), (403, "limit_people"));
    assert_eq!(
        (world.count("users").await, world.count("memberships").await),
        (1, 1)
    );
    world.resolver.claims().people = Some(2);
    accept(&world, &acme, &token).await.expect(200);
    world.close().await;
}

#[tokio::test]
async fn without_the_resolver_nobody_is_let_in_beyond_a_plan() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let token = world.invite(&acme, "grace@example.com", "member").await;
    world.resolver.claims().down = true;
    let invited = invite(&world, &acme, "linus@example.com").await;
    assert_eq!(invited.problem(), (503, "upstream_unavailable"));
    let joined = accept(&world, &acme, &token).await;
    assert_eq!(joined.problem(), (503, "upstream_unavailable"));
    world.resolver.claims().down = false;
    accept(&world, &acme, &token).await.expect(200);
    world.close().await;
}

#[tokio::test]
async fn many_at_once_do_not_exceed_a_plan() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let emails: Vec<String> = (0..6).map(|n| format!("p{n}@example.com")).collect();
    let mut tokens = Vec::new();
    for email in &emails {
        tokens.push(world.invite(&acme, email, "member").await);
    }
    world.resolver.claims().people = Some(3);
    // Nobody becomes a member until several are on their way.
    let mut gate = world.meanwhile().await;
    let shut = "lock table memberships in share mode";
    gate.execute(shut).await.unwrap();
    let joining = join_all(tokens.iter().map(|token| accept(&world, &acme, token)));
    let opening = async {
        world.waiting(4).await;
        gate.commit().await.unwrap();
    };
    let (joined, ()) = tokio::join!(joining, opening);
    let count = |answers: &[Answer], status| {
        let same = answers.iter().filter(|answer| answer.status == status);
        same.count()
    };
    assert_eq!(
        (count(&joined, 200), count(&joined, 403)),
        (2, 4),
        "{joined:?}"
    );
    assert_eq!(world.count("memberships").await, 3);

    // Four invitations are left open beside three members.
    world.resolver.claims().people = Some(9);
    let others: Vec<String> = (0..6).map(|n| format!("q{n}@example.com")).collect();
    let invited = join_all(others.iter().map(|email| invite(&world, &acme, email))).await;
    assert_eq!(
        (count(&invited, 201), count(&invited, 403)),
        (2, 4),
        "{invited:?}"
    );
    world.close().await;
}
