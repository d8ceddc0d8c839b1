//! Every number of analytics equals what SQL says of the tasks themselves, in any time zone and over the night in which
//! clocks are put forward.

mod history;
mod reports;
mod truth;

use e2e::{Dev, Organization, Person, Sql};
use kernel::{Role, UserId};
use serde_json::{Value, json};
use testkit::eventually;

use self::truth::{Truth, status_counts};

const STATUSES: [&str; 5] = ["todo", "in_progress", "review", "done", "cancelled"];
const PERIOD: &str = "from=2026-03-20&to=2026-04-12";
const ZONES: [&str; 3] = ["UTC", "Europe/Berlin", "Asia/Kathmandu"];

/// An organization with a past that analytics has heard of.
struct Past {
    acme: Organization,
    member: Person,
    project: String,
    people: Vec<UserId>,
    sql: Sql,
}

impl Past {
    async fn new() -> Self {
        let acme = Organization::sign_up().await;
        let member = acme.join(Role::Member).await;
        let other = acme.join(Role::Member).await;
        let people = vec![acme.owner.id, member.id, other.id];
        let projects = [acme.project("Apollo").await, acme.project("Gemini").await];
        history::write(&acme, &projects, &people).await;
        // The relay looks where something was done.
        acme.project("Mercury").await;
        let sql = Sql::tenant(acme.id).await;
        let tasks = "select count(*) from tasks where deleted_at is null";
        let (tasks, rest) = (sql.number(tasks, &[]).await, "select count(*) from outbox");
        eventually("analytics heard of the past", 60, async || {
            let all = ask(&acme.owner, "dashboard", "").await;
            let statuses = STATUSES
                .iter()
                .map(|status| all["by_status"][status].as_i64());
            let known: Option<i64> = statuses.sum();
            (known == Some(tasks) && sql.number(rest, &[]).await == 0).then_some(())
        })
        .await;
        // The last batch is on its way when the outbox is empty.
        let truth = Truth::of(&sql, "true", "UTC");
        let open = truth.now().await;
        eventually("analytics heard of all of it", 30, async || {
            let all = ask(&acme.owner, "dashboard", "").await;
            let estimates = status_counts(&all["estimate_by_status"]);
            (status_counts(&all["by_status"]) == open.0 && estimates == open.1).then_some(())
        })
        .await;
        Self {
            project: projects[0].0["id"].as_str().unwrap().to_owned(),
            acme,
            member,
            people,
            sql,
        }
    }

    /// Parts of the organization: how they are asked for, and which tasks they are of.
    fn parts(&self) -> [(String, String); 3] {
        let (project, person) = (&self.project, self.member.id);
        [
            (String::new(), "true".to_owned()),
            (
                format!("&project_id={project}"),
                format!("t.project_id = '{project}'"),
            ),
            (
                format!("&user_id={person}"),
                format!(
                    "exists (select from task_assignees x where x.task_id = t.id and x.user_id = '{person}')"
                ),
            ),
        ]
    }
}

async fn ask(person: &Person, what: &str, query: &str) -> Value {
    let path = format!("/api/v1/analytics/{what}?{query}");
    person.api.get(&path).await.expect(200).json()
}

/// `date` and some numbers of each point, as text.
fn points(points: &Value, names: &[&str]) -> Vec<String> {
    let points = points.as_array().unwrap().iter();
    points
        .map(|point| {
            let numbers = names.iter().map(|name| {
                let number = &point[*name];
                number
                    .as_i64()
                    .map_or_else(|| "-".to_owned(), |n| n.to_string())
            });
            let numbers: Vec<String> = numbers.collect();
            format!("{} {}", point["date"].as_str().unwrap(), numbers.join(" "))
        })
        .collect()
}

#[tokio::test]
async fn numbers_equal_those_of_sql() {
    let past = Past::new().await;
    let owner = &past.acme.owner;
    for zone in ZONES {
        for granularity in ["day", "week", "month"] {
            for (part, tasks) in past.parts() {
                let query = format!("{PERIOD}&timezone={zone}&granularity={granularity}");
                let scoped = format!("{query}{part}");
                let truth = Truth::of(&past.sql, &tasks, zone).cut(granularity);
                let levels = truth.levels().await;

                let flow = ask(owner, "cumulative-flow", &scoped).await;
                let found = flow["points"].as_array().unwrap().iter();
                let found: Vec<_> = found
                    .map(|point| status_counts(&point["by_status"]))
                    .collect();
                assert_eq!(found, levels.counts, "{scoped}");

                let estimates = format!("{scoped}&measure=estimate_seconds");
                let flow = ask(owner, "cumulative-flow", &estimates).await;
                let found = flow["points"].as_array().unwrap().iter();
                let found: Vec<_> = found
                    .map(|point| status_counts(&point["by_status"]))
                    .collect();
                assert_eq!(found, levels.estimates, "{scoped}");

                let burndown = ask(owner, "burndown", &scoped).await;
                let found = burndown["points"].as_array().unwrap().iter();
                let found: Vec<_> = found.map(|point| point["remaining"].as_i64()).collect();
                let open = levels.counts.iter();
                let open: Vec<_> = open.map(|by| Some(by[0] + by[1] + by[2])).collect();
                assert_eq!(found, open, "{scoped}");

                let burnup = ask(owner, "burnup", &scoped).await;
                let found = burnup["points"].as_array().unwrap().iter();
                let found: Vec<_> = found
                    .map(|point| (point["scope"].as_i64(), point["done"].as_i64()))
                    .collect();
                let all = levels.counts.iter();
                let all: Vec<_> = all
                    .map(|by| (Some(by[..4].iter().sum()), Some(by[3])))
                    .collect();
                assert_eq!(found, all, "{scoped}");

                let names = [
                    "count",
                    "mean_seconds",
                    "p50_seconds",
                    "p85_seconds",
                    "p95_seconds",
                ];
                for (chart, from) in [("lead-time", "created_at"), ("cycle-time", "began_at")] {
                    let times = ask(owner, chart, &scoped).await;
                    assert_eq!(
                        points(&times["points"], &names),
                        truth.times(from).await,
                        "{chart} {scoped}"
                    );
                }
                let throughput = ask(owner, "throughput", &scoped).await;
                let done = truth.counted("completed_at").await;
                assert_eq!(points(&throughput["points"], &["done"]), done, "{scoped}");
            }
        }
    }
}

#[tokio::test]
async fn overviews_equal_sql() {
    let past = Past::new().await;
    let owner = &past.acme.owner;
    let [(_, all), (_, of_project), (_, of_person)] = past.parts();
    let places = [
        ("dashboard".to_owned(), all),
        (format!("projects/{}", past.project), of_project),
        (format!("users/{}", past.member.id), of_person),
    ];
    for zone in ZONES {
        for (path, tasks) in &places {
            let truth = Truth::of(&past.sql, tasks, zone);
            let query = format!("{PERIOD}&timezone={zone}&compare=previous_period");
            let found = ask(owner, path, &query).await;
            let (created, done) = (
                truth.counted("created_at").await,
                truth.counted("completed_at").await,
            );
            assert_eq!(
                points(&found["series"], &["created"]),
                created,
                "{path} {zone}"
            );
            assert_eq!(points(&found["series"], &["done"]), done, "{path} {zone}");
            let (counts, estimates) = truth.now().await;
            assert_eq!(status_counts(&found["by_status"]), counts, "{path}");
            assert_eq!(
                status_counts(&found["estimate_by_status"]),
                estimates,
                "{path}"
            );
            assert_eq!(
                found["tasks"]["open"],
                json!(counts[..3].iter().sum::<i64>())
            );
            let before = Truth::of(&past.sql, tasks, zone).from("2026-02-24", "2026-03-19");
            assert_eq!(
                found["previous"]["period"],
                json!({"from": "2026-02-24", "to": "2026-03-19"})
            );
            assert_eq!(found["previous"]["created"], before.sum("created_at").await);
            assert_eq!(found["previous"]["done"], before.sum("completed_at").await);
            if found.get("by_person").is_some() {
                let mut rows: Vec<String> = found["by_person"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| {
                        let id = row["user_id"].as_str().unwrap();
                        format!(
                            "{id} {} {} {}",
                            row["assigned"], row["assigned_estimate"], row["done"]
                        )
                    })
                    .collect();
                rows.sort();
                assert_eq!(rows, truth.people().await, "{path} {zone}");
            }
        }
    }
}

#[tokio::test]
async fn workload_age_and_teams_equal_sql() {
    let past = Past::new().await;
    let owner = &past.acme.owner;
    let truth = Truth::of(&past.sql, "true", "UTC");
    let load = ask(owner, "workload", "").await;
    let load = load["people"].as_array().unwrap().iter();
    let mut load: Vec<String> = load
        .map(|row| {
            format!(
                "{} {} {}",
                row["user_id"].as_str().unwrap(),
                row["open"],
                row["open_estimate"]
            )
        })
        .collect();
    load.sort();
    assert_eq!(load, truth.load().await);

    let age = ask(owner, "status-age", "").await;
    let counts: Vec<i64> = STATUSES[..3]
        .iter()
        .map(|status| age[*status]["count"].as_i64().unwrap())
        .collect();
    assert_eq!(counts, truth.now().await.0[..3]);
    let oldest = age["oldest"].as_array().unwrap().iter();
    let oldest: Vec<&str> = oldest
        .map(|task| task["task_id"].as_str().unwrap())
        .collect();
    assert_eq!(oldest, truth.oldest().await);

    let team = owner
        .api
        .post("/api/v1/teams", &json!({"name": "Two of us"}))
        .await;
    let team = team.expect(201).json()["id"].as_str().unwrap().to_owned();
    let pair = &past.people[1..];
    for person in pair {
        let body = json!({"user_id": person});
        let path = format!("/api/v1/teams/{team}/members");
        let _ = owner.api.post(&path, &body).await.expect(201);
    }
    let members = "select user_id::text from team_members where team_id = $1::text::uuid";
    let members = past.sql.texts(members, &[&team]).await.join("', '");
    let tasks = format!(
        "exists (select from task_assignees x where x.task_id = t.id and x.user_id in ('{members}'))"
    );
    let truth = Truth::of(&past.sql, &tasks, "Europe/Berlin");
    let query = format!("{PERIOD}&timezone=Europe/Berlin");
    let found = ask(owner, &format!("teams/{team}"), &query).await;
    assert_eq!(
        points(&found["series"], &["done"]),
        truth.counted("completed_at").await
    );
    assert_eq!(found["done"], truth.sum("completed_at").await);
    assert_eq!(
        found["open"],
        json!(truth.now().await.0[..3].iter().sum::<i64>())
    );
    let nobodys = owner
        .api
        .get("/api/v1/analytics/teams/0192aaaa-0000-7000-8000-00000000ffff")
        .await;
    let _ = nobodys.expect(404);
}

#[tokio::test]
async fn own_numbers_are_everybodys_to_see() {
    let acme = Organization::sign_up().await;
    let viewer = acme.join(Role::Viewer).await;
    let own = viewer
        .api
        .get("/api/v1/analytics/users/me")
        .await
        .expect(200)
        .json();
    assert_eq!(own["user_id"], json!(viewer.id));
    let id = viewer.id;
    for path in [format!("throughput?user_id={id}"), format!("users/{id}")] {
        let _ = viewer
            .api
            .get(&format!("/api/v1/analytics/{path}"))
            .await
            .expect(200);
    }
    let owner = acme.owner.id;
    for path in [
        format!("throughput?user_id={owner}"),
        format!("users/{owner}"),
        "workload".to_owned(),
    ] {
        let answer = viewer.api.get(&format!("/api/v1/analytics/{path}")).await;
        answer.expect_problem(403, "permission_denied");
    }
}

#[tokio::test]
async fn operator_rebuilds_what_equals_sql_as_before() {
    let past = Past::new().await;
    let owner = &past.acme.owner;
    let name = past.acme.subdomain.as_str();
    let rebuild = async |more: &[&str]| {
        let arguments = [&["analytics", "rebuild", "--tenant", name], more].concat();
        Dev.migrator(&arguments).await[0].clone()
    };
    let before = ask(owner, "cumulative-flow", PERIOD).await;
    assert_eq!(rebuild(&["--check"]).await["differences"]["count"], 0);
    let rebuilt = rebuild(&[]).await;
    assert_eq!(rebuilt["tenant"], name);
    assert!(rebuilt["events"].as_i64() > Some(500), "{rebuilt}");
    assert_eq!(ask(owner, "cumulative-flow", PERIOD).await, before);
    let truth = Truth::of(&past.sql, "true", "UTC").now().await;
    let dashboard = ask(owner, "dashboard", "").await;
    assert_eq!(status_counts(&dashboard["by_status"]), truth.0);
}
