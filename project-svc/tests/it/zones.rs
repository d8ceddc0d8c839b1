//! Days in filters, for people far to the east and to the west. Between these two it is never the same day.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta};
use kernel::Role;
use sea_orm::sqlx::query;
use serde_json::json;
use uuid::Uuid;

use crate::client::{Person, ids, text};
use crate::world::World;

/// UTC-11 all year round.
const WEST: &str = "Pacific/Pago_Pago";
/// UTC+14 all year round.
const EAST: &str = "Pacific/Kiritimati";

fn today(world: &World, hours: i32) -> NaiveDate {
    let zone = FixedOffset::east_opt(hours * 3600).unwrap();
    world.app.clock.now().with_timezone(&zone).date_naive()
}

async fn titles(person: &Person, path: &str) -> Vec<String> {
    let found = person.get(path).await.expect(200);
    let items = found["items"].as_array().unwrap().iter();
    items.map(|item| text(item, "title")).collect()
}

#[tokio::test]
async fn today_is_where_the_person_is() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let tasks = format!("/projects/{project}/tasks");
    let (in_west, in_east) = (today(&world, -11), today(&world, 14));
    assert!(in_west < in_east);
    for (title, due) in [("West", in_west), ("East", in_east)] {
        let task = json!({"title": title, "due_date": due});
        let _ = owner.post(&tasks, task).await.expect(201);
    }
    let (west, east) = (world.person_in(WEST), world.person_in(EAST));
    let view = json!({"name": "Today", "filter": "due:today", "shared": true});
    let view = text(&owner.post("/views", view).await.expect(201), "id");
    for path in [
        "/tasks?filter=due:today".to_owned(),
        format!("{tasks}?filter=due:today"),
        format!("/views/{view}/tasks"),
    ] {
        assert_eq!(titles(&west, &path).await, ["West"], "{path}");
        assert_eq!(titles(&east, &path).await, ["East"], "{path}");
        let joint = if path.contains('?') { '&' } else { '?' };
        // What the request says counts more than what the person said.
        let elsewhere = format!("{path}{joint}timezone={EAST}");
        assert_eq!(titles(&west, &elsewhere).await, ["East"], "{path}");
        assert_eq!(titles(&owner, &elsewhere).await, ["East"], "{path}");
        let mars = format!("{path}{joint}timezone=Mars/Olympus");
        owner.get(&mars).await.expect(422);
    }
    // In the east it is a day later already: what was due in the west is late.
    assert_eq!(titles(&east, "/tasks?filter=is:overdue").await, ["West"]);
    assert!(titles(&west, "/tasks?filter=is:overdue").await.is_empty());
    assert!(titles(&west, "/tasks?filter=due:%3Ctoday").await.is_empty());
    let found = format!("/search?q=West&kind=task&filter=due:today&timezone={WEST}");
    assert_eq!(ids(&owner.get(&found).await.expect(200)["items"]).len(), 1);
    let found = format!("/search?q=West&kind=task&filter=due:today&timezone={EAST}");
    assert!(ids(&owner.get(&found).await.expect(200)["items"]).is_empty());
    world.end().await;
}

#[tokio::test]
async fn moments_belong_to_the_day_that_clocks_show_there() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    for (hours, zone) in [(-11, WEST), (14, EAST)] {
        let day = today(&world, hours).checked_sub_days(Days::new(3)).unwrap();
        let offset = FixedOffset::east_opt(hours * 3600).unwrap();
        let begin = day
            .and_time(NaiveTime::MIN)
            .and_local_timezone(offset)
            .unwrap();
        let moments: [(&str, DateTime<FixedOffset>); 3] = [
            ("Before", begin - TimeDelta::seconds(1)),
            ("First", begin),
            ("Last", begin + TimeDelta::seconds(86_399)),
        ];
        for (title, moment) in moments {
            let task = owner.task(&project, title).await;
            let set = query("update tasks set created_at = $1 where id = $2");
            let set = set.bind(moment).bind(task.parse::<Uuid>().unwrap());
            set.execute(&world.database).await.unwrap();
        }
        let person = world.person_in(zone);
        for filter in [format!("created:{day}"), "created:-3d".to_owned()] {
            let path = format!("/tasks?filter={filter}&sort=created");
            assert_eq!(titles(&person, &path).await, ["First", "Last"], "{zone}");
        }
        query("delete from tasks")
            .execute(&world.database)
            .await
            .unwrap();
    }
    world.end().await;
}
