//! The numbers of a project.

use kernel::Role;
use sea_orm::sqlx::query;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Person, text};
use crate::world::World;

async fn numbers(person: &Person, project: &str, query: &str) -> Value {
    let path = format!("/projects/{project}/analytics{query}");
    person.get(&path).await.expect(200)
}

#[tokio::test]
async fn project_is_counted_as_it_stands() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let empty = numbers(&owner, &project, "").await;
    assert_eq!(
        (&empty["total"], &empty["completion_percent"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(empty["days"].as_array().unwrap().len(), 30);
    assert_eq!(empty["by_status"]["review"], 0);

    let tasks = format!("/projects/{project}/tasks");
    let mut made = Vec::new();
    for body in [
        json!({"title": "Late", "priority": "urgent", "due_date": "2020-01-01", "estimate_seconds": 60, "assignee_ids": [owner.id]}),
        json!({"title": "Done", "due_date": "2020-01-01", "estimate_seconds": 30, "assignee_ids": [owner.id]}),
        json!({"title": "Cancelled"}),
        json!({"title": "Archived"}),
        json!({"title": "Gone", "due_date": "2020-01-01"}),
    ] {
        made.push(text(&owner.post(&tasks, body).await.expect(201), "id"));
    }
    for (task, status) in [(&made[1], "done"), (&made[2], "cancelled")] {
        let status = owner
            .put(&format!("/tasks/{task}/status"), json!({"status": status}))
            .await;
        // A board has no column for what is cancelled.
        assert!([200, 409].contains(&status.status.as_u16()));
    }
    let cancel = query("update tasks set status = 'cancelled' where id = $1");
    let cancel = cancel.bind(made[2].parse::<Uuid>().unwrap());
    cancel.execute(&world.database).await.unwrap();
    let _ = owner
        .post(&format!("/tasks/{}/archive", made[3]), json!({}))
        .await
        .expect(200);
    owner
        .delete(&format!("/tasks/{}", made[4]))
        .await
        .expect(204);

    let seen = numbers(&world.person(Role::Viewer), &project, "?days=2").await;
    assert_eq!(seen["total"], 4);
    let by_status = json!({"todo": 2, "in_progress": 0, "review": 0, "done": 1, "cancelled": 1});
    assert_eq!(seen["by_status"], by_status);
    assert_eq!(
        seen["open_by_priority"],
        json!({"low": 0, "medium": 1, "high": 0, "urgent": 1})
    );
    assert_eq!(
        (&seen["overdue"], &seen["unassigned"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(seen["completion_percent"], 33);
    assert_eq!(
        (
            &seen["open_estimate_seconds"],
            &seen["done_estimate_seconds"]
        ),
        (&json!(60), &json!(30))
    );
    let load = json!([{"user_id": owner.id, "name": "Ada", "open": 1, "overdue": 1, "done": 1}]);
    assert_eq!(seen["people"], load);
    let days = seen["days"].as_array().unwrap();
    let sum = |field: &str| {
        days.iter()
            .map(|day| day[field].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!((days.len(), sum("created"), sum("completed")), (2, 4, 1));
    for wrong in ["?days=0", "?days=367", "?timezone=Mars/Olympus"] {
        let path = format!("/projects/{project}/analytics{wrong}");
        owner.get(&path).await.expect(422);
    }
    world.end().await;
}

#[tokio::test]
async fn days_of_numbers_are_those_of_the_reader() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    // Ten in the morning of yesterday: still the day before in the west, the day after already in the east.
    let moment = "update tasks set created_at = date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
        - interval '1 day' + interval '10 hours' where id = $1";
    let moment = query(moment).bind(task.parse::<Uuid>().unwrap());
    moment.execute(&world.database).await.unwrap();
    let day = async |zone: &str| {
        let found = numbers(&owner, &project, &format!("?days=5&timezone={zone}")).await;
        let days = found["days"].as_array().unwrap().clone();
        let day = days.into_iter().find(|day| day["created"] == 1).unwrap();
        text(&day, "day").parse::<chrono::NaiveDate>().unwrap()
    };
    let (west, east) = (
        day("Pacific/Pago_Pago").await,
        day("Pacific/Kiritimati").await,
    );
    assert_eq!((east - west).num_days(), 2);
    world.end().await;
}
