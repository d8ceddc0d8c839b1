//! Schedules: fired once for each time, told until the broker has it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use analytics::report::work_off;
use analytics::schedule::{fire_all, tell_all};
use chrono::TimeDelta;
use events::topic::report::ReportReady;
use events::{Action, Amqp, Consumer, Envelope, Event, Publisher, Queue};
use http::{Method, StatusCode};
use kernel::{Ids, Role, TenantId, UserId};
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};
use testkit::setting;
use tokio_util::sync::CancellationToken;

use crate::ingest::delete_queues;
use crate::world::{Organization, Who, World};

/// What was told of one organization.
struct Heard {
    queue: String,
    events: Arc<Mutex<Vec<Envelope>>>,
    shutdown: CancellationToken,
}

impl Heard {
    async fn new(world: &World, tenant: TenantId) -> Self {
        let url = setting("TENANTRY_TEST_AMQP_URL");
        let queue = format!("test.{}", world.database.name());
        let (events, shutdown) = (Arc::default(), CancellationToken::new());
        let amqp = Amqp::new(&url, "test").unwrap();
        let consumer = Consumer::new(amqp, Queue::work(&queue, &[ReportReady::TYPE]));
        let state = consumer.state();
        let heard = Self {
            queue,
            events: Arc::clone(&events),
            shutdown: shutdown.clone(),
        };
        let take = move |batch: Vec<Envelope>| {
            let actions = vec![Action::Ack; batch.len()];
            let own = batch
                .into_iter()
                .filter(|event| event.tenantid == Some(tenant));
            events.lock().unwrap().extend(own);
            async move { actions }
        };
        tokio::spawn(consumer.run(take, shutdown));
        state.wait_connected().await;
        heard
    }

    fn events(&self) -> Vec<Envelope> {
        self.events.lock().unwrap().clone()
    }

    async fn end(self) {
        self.shutdown.cancel();
        delete_queues(&setting("TENANTRY_TEST_AMQP_URL"), &self.queue).await;
    }
}

fn definition() -> Value {
    let period = json!({"relative": "previous_month"});
    json!({"measures": ["tasks_done"], "group_by": "day", "period": period})
}

async fn make(world: &World, who: Who, definition: &Value) -> String {
    let body = json!({"name": "Every Monday", "definition": definition});
    let made = world.call_json(who, Method::POST, "custom-reports", Some(&body));
    let (status, made) = made.await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    format!("custom-reports/{}/schedule", made["id"].as_str().unwrap())
}

fn mondays(recipients: &[UserId]) -> Value {
    json!({
        "every": "week", "weekday": 1, "hour": 9, "timezone": "Europe/Berlin", "recipient_ids": recipients,
    })
}

/// Asks all that is asked about schedules.
pub(crate) async fn ask_everything(world: &World, tenant: TenantId) {
    let who = Who::new(tenant, Role::Manager);
    let path = make(world, who, &definition()).await;
    let wanted = mondays(&[who.user]);
    let (status, _) = world
        .call_json(who, Method::PUT, &path, Some(&wanted))
        .await;
    assert_eq!(status, StatusCode::OK);
    let later = world.clock.now() + TimeDelta::days(7);
    assert_eq!(
        fire_all(&world.store, &Ids::system(), later).await.unwrap(),
        1
    );
    assert_eq!(work_off(&world.store, later).await.unwrap(), 1);
    let away = Publisher::new(Amqp::new("amqp://127.0.0.1:9", "test").unwrap());
    assert_eq!(tell_all(&world.store, &away, later).await.unwrap(), 0);
    let (status, _) = world.personal(tenant, Method::DELETE, who.user).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn schedule_is_fired_once_and_told_to_each_recipient() {
    let world = World::new().await;
    let who = Who::new(Organization::new().tenant, Role::Manager);
    let other: UserId = Ids::system().next();
    let path = make(&world, who, &definition()).await;
    let wanted = mondays(&[who.user, other]);
    let (status, schedule) = world
        .call_json(who, Method::PUT, &path, Some(&wanted))
        .await;
    // It is Tuesday, 31 March 2026.
    assert_eq!(
        (status, &schedule["next_run_at"]),
        (StatusCode::OK, &json!("2026-04-06T07:00:00Z"))
    );
    let ids = Ids::system();
    let due = "2026-04-06T07:00:00Z".parse().unwrap();
    let early = due - TimeDelta::seconds(1);
    assert_eq!(fire_all(&world.store, &ids, early).await.unwrap(), 0);
    let instances = (0..4).map(|_| fire_all(&world.store, &ids, due));
    let fired = futures::future::try_join_all(instances).await.unwrap();
    assert_eq!(fired.iter().sum::<usize>(), 1);
    let (_, schedule) = world.call_json(who, Method::GET, &path, None).await;
    assert_eq!(schedule["next_run_at"], "2026-04-13T07:00:00Z");

    let heard = Heard::new(&world, who.tenant).await;
    let publisher = Publisher::new(Amqp::new(&setting("TENANTRY_TEST_AMQP_URL"), "test").unwrap());
    assert_eq!(tell_all(&world.store, &publisher, due).await.unwrap(), 0);
    assert_eq!(work_off(&world.store, due).await.unwrap(), 1);
    // There is no connection yet: nobody is told, and nothing is lost.
    assert_eq!(tell_all(&world.store, &publisher, due).await.unwrap(), 0);
    tokio::spawn(publisher.clone().run(heard.shutdown.clone()));
    publisher.state().wait_connected().await;
    let later = due + TimeDelta::seconds(31);
    assert_eq!(tell_all(&world.store, &publisher, later).await.unwrap(), 1);
    assert_eq!(tell_all(&world.store, &publisher, later).await.unwrap(), 0);
    // As if it had died after the broker's word and before its own.
    let reports = world.database.collection::<Document>("reports");
    let again = doc! { "$set": { "tell_at": mongodb::bson::DateTime::from_millis(0) } };
    reports.update_one(doc! {}, again).await.unwrap();
    assert_eq!(tell_all(&world.store, &publisher, later).await.unwrap(), 1);

    testkit::eventually("all is told", 10, async || {
        (heard.events().len() == 4).then_some(())
    })
    .await;
    let told = heard.events();
    let ids: BTreeSet<_> = told.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 2);
    let told = told
        .iter()
        .map(|event| event.data::<ReportReady>().unwrap());
    let people: BTreeSet<UserId> = told.clone().map(|ready| ready.recipient_id).collect();
    assert_eq!(people, BTreeSet::from([who.user, other]));
    let report = told.map(|ready| ready.report_id).next().unwrap();
    let (_, report) = world
        .call_json(who, Method::GET, &format!("reports/{report}"), None)
        .await;
    assert_eq!(
        report["period"],
        json!({"from": "2026-03-01", "to": "2026-03-31"})
    );
    heard.end().await;
    world.drop().await;
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_once() {
    let world = World::new().await;
    let who = Who::new(Organization::new().tenant, Role::Manager);
    let path = make(&world, who, &definition()).await;
    let daily = json!({"every": "day", "hour": 9, "recipient_ids": [who.user]});
    let (status, _) = world.call_json(who, Method::PUT, &path, Some(&daily)).await;
    assert_eq!(status, StatusCode::OK);
    let later = world.clock.now() + TimeDelta::days(5);
    assert_eq!(
        fire_all(&world.store, &Ids::system(), later).await.unwrap(),
        1
    );
    let (_, schedule) = world.call_json(who, Method::GET, &path, None).await;
    assert_eq!(schedule["next_run_at"], "2026-04-06T09:00:00Z");

    // One whose custom report is gone ends.
    let custom = path.trim_end_matches("/schedule");
    let status = world.call(who, Method::DELETE, custom, None).await.status();
    assert_eq!(status, StatusCode::NO_CONTENT);
    let later = later + TimeDelta::days(5);
    assert_eq!(
        fire_all(&world.store, &Ids::system(), later).await.unwrap(),
        0
    );
    assert!(
        world
            .documents("report_schedules", doc! {})
            .await
            .is_empty()
    );
    world.drop().await;
}

#[tokio::test]
async fn schedules_are_their_owners_and_make_sense() {
    let world = World::new().await;
    let tenant = Organization::new().tenant;
    let [manager, other] = [Role::Manager; 2].map(|role| Who::new(tenant, role));
    let member = Who::new(tenant, Role::Member);
    let path = make(&world, manager, &definition()).await;
    let wanted = mondays(&[manager.user]);
    for (who, expected) in [
        (member, StatusCode::NOT_FOUND),
        (other, StatusCode::FORBIDDEN),
        (Who::new(tenant, Role::Owner), StatusCode::OK),
        (manager, StatusCode::OK),
    ] {
        let status = world
            .call(who, Method::PUT, &path, Some(&wanted))
            .await
            .status();
        assert_eq!(status, expected, "{who:?}");
    }
    let mut stale = wanted.clone();
    stale["version"] = json!(1);
    let status = world
        .call(manager, Method::PUT, &path, Some(&stale))
        .await
        .status();
    assert_eq!(status, StatusCode::CONFLICT);

    let mut own = definition();
    own["filter"] = json!({"user_id": member.user});
    let own = make(&world, member, &own).await;
    for (recipients, expected) in [
        (vec![member.user], StatusCode::OK),
        (
            vec![member.user, other.user],
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let body = mondays(&recipients);
        let status = world
            .call(member, Method::PUT, &own, Some(&body))
            .await
            .status();
        assert_eq!(status, expected, "{recipients:?}");
    }

    for (field, value, pointer) in [
        ("hour", json!(24), "/hour"),
        ("weekday", json!(8), "/weekday"),
        ("weekday", Value::Null, "/weekday"),
        ("day_of_month", json!(3), "/day_of_month"),
        ("every", json!("year"), "/every"),
        ("timezone", json!("Mars/Olympus"), "/timezone"),
        ("recipient_ids", json!([]), "/recipient_ids"),
        (
            "recipient_ids",
            json!([other.user, other.user]),
            "/recipient_ids",
        ),
        ("minute", json!(5), "/minute"),
    ] {
        let mut body = wanted.clone();
        body[field] = value;
        let (status, problem) = world
            .call_json(manager, Method::PUT, &path, Some(&body))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let status = world
        .call(manager, Method::DELETE, &path, None)
        .await
        .status();
    assert_eq!(status, StatusCode::NO_CONTENT);
    let status = world.call(manager, Method::GET, &path, None).await.status();
    assert_eq!(status, StatusCode::NOT_FOUND);
    world.drop().await;
}

#[tokio::test]
async fn schedules_end_with_their_people() {
    let world = World::new().await;
    let tenant = Organization::new().tenant;
    let [ada, eve] = [Role::Manager; 2].map(|role| Who::new(tenant, role));
    let both = make(&world, eve, &definition()).await;
    let hers = make(&world, eve, &definition()).await;
    for (path, recipients) in [(&both, &[ada.user, eve.user][..]), (&hers, &[ada.user])] {
        let body = mondays(recipients);
        let status = world
            .call(eve, Method::PUT, path, Some(&body))
            .await
            .status();
        assert_eq!(status, StatusCode::OK);
    }
    let (status, _) = world.personal(tenant, Method::DELETE, ada.user).await;
    assert_eq!(status, StatusCode::OK);
    let (_, left) = world.call_json(eve, Method::GET, &both, None).await;
    assert_eq!(left["recipient_ids"], json!([eve.user]));
    let status = world.call(eve, Method::GET, &hers, None).await.status();
    assert_eq!(status, StatusCode::NOT_FOUND);
    world.personal(tenant, Method::DELETE, eve.user).await;
    assert!(
        world
            .documents("report_schedules", doc! {})
            .await
            .is_empty()
    );
    world.drop().await;
}
