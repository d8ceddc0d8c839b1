//! From the stream to what is to be sent.

use kernel::Role;
use project_svc::jobs::webhooks::Intake;
use serde_json::json;

use super::Hooks;
use crate::client::text;
use crate::world::eventually;

#[tokio::test]
async fn event_that_comes_twice_is_told_once() {
    let hooks = Hooks::new().await;
    let (project, _) = hooks.owner.project("Apollo").await;
    hooks.owner.task(&project, "Fuel").await;
    let batch = hooks.stream().await;
    for intake in [hooks.intake.clone(), Intake::new(hooks.world.state.clone())] {
        let twice = [batch.clone(), batch.clone()].concat();
        let actions = intake.take(twice).await;
        assert_eq!(actions.len(), batch.len() * 2);
    }
    assert_eq!(hooks.deliveries().await.len(), 1);
    hooks.world.end().await;
}

#[tokio::test]
async fn what_is_remembered_of_webhooks_ends_with_their_next_change() {
    let hooks = Hooks::new().await;
    hooks.happen(1).await;
    let second = json!({"url": hooks.receiver.url, "events": ["task.created"]});
    let second = hooks.owner.post("/webhooks", second).await.expect(201);
    let second = format!("/webhooks/{}", text(&second, "id"));
    let told = async || {
        let page = hooks.owner.get(&format!("{second}/deliveries")).await;
        page.expect(200)["items"].as_array().unwrap().len()
    };
    // Its making and what happens after it come together.
    hooks.happen(1).await;
    assert_eq!((told().await, hooks.deliveries().await.len()), (1, 2));
    let other = json!({"events": ["project.deleted"]});
    let _ = hooks.owner.patch(&second, other).await.expect(200);
    hooks.happen(1).await;
    assert_eq!((told().await, hooks.deliveries().await.len()), (1, 3));
    hooks.world.end().await;
}

#[tokio::test]
async fn webhook_of_a_project_is_told_what_happens_there_alone() {
    let hooks = Hooks::new().await;
    let owner = &hooks.owner;
    let (here, _) = owner.project("Apollo").await;
    let (there, _) = owner.project("Gemini").await;
    let body = json!({"project_id": here, "events": ["*"]});
    let _ = owner.patch(&hooks.path(), body).await.expect(200);
    let _ = hooks.stream().await;
    let task = owner.task(&here, "Fuel").await;
    owner.task(&there, "Fuel").await;
    let _ = owner
        .post("/teams", json!({"name": "Crew"}))
        .await
        .expect(201);
    hooks.take_in().await;
    let deliveries = hooks.deliveries().await;
    assert_eq!(deliveries.len(), 1);
    let path = format!("{}/deliveries/{}", hooks.path(), text(&deliveries[0], "id"));
    let delivery = owner.get(&path).await.expect(200);
    assert_eq!(delivery["body"]["data"]["task_id"], json!(task));
    hooks.world.end().await;
}

#[tokio::test]
async fn organization_without_webhooks_is_looked_up_once() {
    let hooks = Hooks::new().await;
    hooks.owner.delete(&hooks.path()).await.expect(204);
    hooks.happen(2).await;
    let intake = hooks.intake.clone();
    let (project, _) = hooks.world.person(Role::Owner).project("Gemini").await;
    hooks.owner.task(&project, "Fuel").await;
    let batch = hooks.stream().await;
    let pools = &hooks.world.state.pools;
    pools.evict(hooks.world.tenant).await;
    eventually("no connection", async || pools.open_connections() == 0).await;
    let actions = intake.take(batch).await;
    assert!(actions.iter().all(|action| *action == events::Action::Ack));
    assert_eq!(pools.open_connections(), 0);
    hooks.world.end().await;
}
