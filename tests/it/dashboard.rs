//! Step 6: the admin sees it on the analytics, soon and right.

use std::collections::BTreeMap;

use e2e::{Organization, Sql};
use kernel::Role;
use serde_json::{Value, json};
use testkit::{Answer, eventually};

async fn dashboard(acme: &Organization) -> Answer {
    acme.owner
        .api
        .get("/api/v1/analytics/dashboard")
        .await
        .expect(200)
}

#[tokio::test]
async fn numbers_equal_what_the_database_says_within_two_seconds() {
    let acme = Organization::sign_up().await;
    let member = acme.join(Role::Member).await;
    let (project, _) = acme.project("Apollo").await;
    let mut paths = Vec::new();
    for number in 0..6 {
        let task = acme.task(&project, &format!("task {number}")).await;
        paths.push(format!("/api/v1/tasks/{}", task["id"].as_str().unwrap()));
    }
    let api = &acme.owner.api;
    for (path, status) in paths.iter().zip(["done", "done", "in_progress", "review"]) {
        let _ = api
            .put(&format!("{path}/status"), &json!({"status": status}))
            .await
            .expect(200);
    }
    let _ = api
        .put(&format!("{}/status", paths[1]), &json!({"status": "todo"}))
        .await
        .expect(200);
    let _ = api
        .put(
            &format!("{}/assign", paths[0]),
            &json!({"assignee_ids": [member.id]}),
        )
        .await
        .expect(200);
    let _ = api
        .put(
            &format!("{}/assign", paths[2]),
            &json!({"assignee_ids": [member.id]}),
        )
        .await
        .expect(200);
    let _ = api.delete(&paths[5]).await.expect(204);
    let link = json!({"resource": {"kind": "task", "id": paths[0].rsplit('/').next()}});
    let link = api.post("/api/v1/links", &link).await.expect(201).json();
    let opened = acme
        .site
        .get(&format!("/s/{}", link["code"].as_str().unwrap()))
        .await;
    assert!(opened.status.is_success());

    let sql = Sql::tenant(acme.id).await;
    let count = async |filter: &str| {
        sql.number(
            &format!("select count(*) from tasks where deleted_at is null and {filter}"),
            &[],
        )
        .await
    };
    let mut expected = BTreeMap::new();
    for status in ["todo", "in_progress", "review", "done"] {
        expected.insert(status, count(&format!("status = '{status}'")).await);
    }
    let done = count("completed_at is not null").await;
    eventually("the dashboard agrees with the database", 2, async || {
        let found = dashboard(&acme).await.json();
        let by_status = &found["by_status"];
        let statuses = expected
            .iter()
            .all(|(status, n)| by_status[status].as_i64().unwrap_or(0) == *n);
        let agreed = statuses && found["tasks"]["done"] == done && found["links"]["opens"] == 1;
        agreed.then_some(())
    })
    .await;

    let found = dashboard(&acme).await.json();
    assert_eq!(found["links"]["created"], 1, "{found}");
    let days: i64 = found["series"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|day| day["done"].as_i64())
        .sum();
    assert_eq!(days, done, "{found}");
    let people = found["by_person"].as_array().unwrap();
    let person = people
        .iter()
        .find(|row| row["user_id"] == json!(member.id))
        .unwrap_or(&Value::Null);
    assert_eq!(
        (person["done"].as_i64(), person["assigned"].as_i64()),
        (Some(1), Some(1)),
        "{found}"
    );
}

#[tokio::test]
async fn one_organization_sees_nothing_of_another() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let (project, _) = acme.project("Apollo").await;
    acme.task(&project, "Ours").await;
    eventually("acme sees its task", 5, async || {
        (dashboard(&acme).await.json()["tasks"]["created"] == 1).then_some(())
    })
    .await;
    assert_eq!(dashboard(&globex).await.json()["tasks"]["created"], 0);
}

#[tokio::test]
async fn period_is_checked() {
    let acme = Organization::sign_up().await;
    for query in [
        "from=2026-02-30",
        "from=2026-03-01&to=2026-02-01",
        "from=0001-01-01&to=9999-12-31",
        "x=1",
    ] {
        let _ = acme
            .owner
            .api
            .get(&format!("/api/v1/analytics/dashboard?{query}"))
            .await
            .expect(422);
    }
}
