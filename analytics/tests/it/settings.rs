//! Where days begin, and who says so.

use http::StatusCode;
use kernel::{Ids, Role, TaskId, TenantId};
use serde_json::{Value, json};

use crate::world::{Organization, World};

fn busy(dashboard: &Value) -> Vec<&str> {
    let series = dashboard["series"].as_array().unwrap().iter();
    let busy = series.filter(|part| part["created"] != 0);
    busy.map(|part| part["date"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn days_begin_where_the_request_the_person_or_the_organization_says() {
    let world = World::new().await;
    let mut org = Organization::new();
    let task: TaskId = Ids::system().next();
    // At noon in UTC, which is the next day on Kiritimati.
    world.take_in(&[org.create("2026-03-02", task, &[])]).await;
    assert_eq!(busy(&world.march(org.tenant).await), ["2026-03-02"]);
    let settings = json!({"timezone": "Pacific/Kiritimati"});
    let put = world.put_settings(org.tenant, Role::Owner, None, &settings);
    assert_eq!(put.await.0, StatusCode::OK);
    let there = world.march(org.tenant).await;
    assert_eq!(busy(&there), ["2026-03-03"]);
    assert_eq!(there["timezone"], "Pacific/Kiritimati");
    let query = "?from=2026-03-01&to=2026-03-31&timezone=America/New_York";
    let (_, asked) = world.dashboard(org.tenant, Role::Manager, query).await;
    assert_eq!(busy(&asked), ["2026-03-02"]);
    assert_eq!(asked["timezone"], "America/New_York");
    world.drop().await;
}

#[tokio::test]
async fn settings_are_checked_and_have_a_version() {
    let world = World::new().await;
    let tenant: TenantId = Ids::system().next();
    let (status, first) = world.get(tenant, Role::Manager, "settings").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        first,
        json!({"timezone": null, "retention_days": 400, "version": 0})
    );
    let wanted = json!({"timezone": "Europe/Berlin", "retention_days": 90});
    let put =
        async |role, version, body: Value| world.put_settings(tenant, role, version, &body).await;
    let (status, second) = put(Role::Owner, Some("\"0\""), wanted.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        second,
        json!({"timezone": "Europe/Berlin", "retention_days": 90, "version": 1})
    );
    assert_eq!(
        put(Role::Owner, Some("\"0\""), wanted.clone()).await.0,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(
        put(Role::Admin, None, wanted).await.0,
        StatusCode::FORBIDDEN
    );
    for wrong in [
        json!({"retention_days": 29}),
        json!({"retention_days": 3651}),
        json!({"timezone": "Berlin"}),
        json!({"retention": 90}),
    ] {
        let (status, body) = put(Role::Owner, None, wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    let (_, usual) = put(Role::Owner, None, json!({})).await;
    assert_eq!(
        usual,
        json!({"timezone": null, "retention_days": 400, "version": 2})
    );
    world.drop().await;
}

#[tokio::test]
async fn of_two_who_change_the_settings_at_once_one_is_told() {
    let world = World::new().await;
    let tenant: TenantId = Ids::system().next();
    let body = json!({"retention_days": 90});
    let put = || world.put_settings(tenant, Role::Owner, Some("\"0\""), &body);
    let (one, other) = tokio::join!(put(), put());
    let mut statuses = [one.0.as_u16(), other.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    world.drop().await;
}
