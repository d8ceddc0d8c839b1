//! Custom reports: what they say, who may see it, and that each is made once, whatever dies meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use analytics::report::work_off;
use chrono::TimeDelta;
use events::topic::link::{Device, LinkAccessed};
use events::topic::task::TaskCommentAdded;
use events::topic::task::TaskStatus::{Done, InProgress, Todo};
use futures::StreamExt;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use kernel::{Ids, Role, TaskId, TenantId, UserId};
use mongodb::bson::{DateTime, Document, doc};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::world::{Organization, Who, World, day};

const MARCH: &str = r#"{"from": "2026-03-01", "to": "2026-03-31"}"#;

fn definition(measures: &[&str], group: &str) -> Value {
    let period: Value = serde_json::from_str(MARCH).unwrap();
    json!({"measures": measures, "group_by": group, "period": period})
}

impl World {
    async fn make(&self, who: Who, definition: &Value) -> String {
        let body = json!({"name": "Of March", "definition": definition});
        let made = self.call_json(who, Method::POST, "custom-reports", Some(&body));
        let (status, made) = made.await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    /// Somebody of an organization with one task, and a custom report that counts it.
    async fn of_one_task(&self) -> (Who, String) {
        let mut org = Organization::new();
        self.take_in(&[org.create("2026-03-02", Ids::system().next(), &[])])
            .await;
        let who = Who::new(org.tenant, Role::Manager);
        let definition = definition(&["tasks_created"], "month");
        (who, self.make(who, &definition).await)
    }

    async fn run(&self, who: Who, custom_report: &str) -> String {
        let path = format!("custom-reports/{custom_report}/run");
        let (status, report) = self.call_json(who, Method::POST, &path, None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{report}");
        assert_eq!(report["state"], "queued");
        report["id"].as_str().unwrap().to_owned()
    }

    async fn report(&self, who: Who, report: &str) -> Value {
        let path = format!("reports/{report}");
        let (status, report) = self.call_json(who, Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        report
    }

    async fn export(&self, who: Who, report: &str, format: &str) -> String {
        let path = format!("reports/{report}/export?format={format}");
        let response = self.call(who, Method::GET, &path, None).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// The lines of a report that was made, run and read by `who`.
    async fn lines(&self, who: Who, definition: &Value) -> Vec<String> {
        let report = self.run(who, &self.make(who, definition).await).await;
        assert_eq!(work_off(&self.store, self.clock.now()).await.unwrap(), 1);
        assert_eq!(self.report(who, &report).await["state"], "ready");
        let text = self.export(who, &report, "csv").await;
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }
}

fn opened(org: &Organization, date: &str, referrer: &str) -> events::Envelope {
    let event = LinkAccessed {
        link_id: Ids::system().next(),
        resource: "task:x".to_owned(),
        device: Device::Mobile,
        bot: false,
        visitor: "x".to_owned(),
        referrer: Some(referrer.to_owned()),
    };
    org.event(date, &event)
}

/// Runs and reads one report of each measure and group there is.
pub(crate) async fn ask_everything(world: &World, tenant: TenantId) {
    let who = Who::new(tenant, Role::Owner);
    let tasks = ["tasks_created", "tasks_done", "lead_time", "cycle_time"];
    let one = json!({"project_id": tenant, "user_id": who.user, "status": "done"});
    for (measures, group, filter) in [
        (&tasks[..], "person", json!({})),
        (&tasks[..], "week", one),
        (&["comments"][..], "project", json!({})),
        (&["link_opens"][..], "device", json!({})),
    ] {
        let mut definition = definition(measures, group);
        definition["filter"] = filter;
        world.lines(who, &definition).await;
    }
    let member = Who::new(tenant, Role::Member);
    for who in [who, member] {
        for path in ["custom-reports", "reports"] {
            let (status, _) = world.call_json(who, Method::GET, path, None).await;
            assert_eq!(status, StatusCode::OK);
        }
    }
    let (_, page) = world
        .call_json(who, Method::GET, "custom-reports", None)
        .await;
    let made = page["items"][0]["id"].as_str().unwrap();
    let path = format!("custom-reports/{made}");
    let reports = format!("reports?custom_report_id={made}");
    let (_, of_it) = world.call_json(who, Method::GET, &reports, None).await;
    assert_eq!(of_it["items"].as_array().unwrap().len(), 1);
    let (status, _) = world.call_json(who, Method::DELETE, &path, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = world.personal(tenant, Method::DELETE, who.user).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn report_says_what_events_told() {
    let world = World::new().await;
    let mut org = Organization::new();
    let ids = Ids::system();
    let [ada, eve]: [UserId; 2] = std::array::from_fn(|_| ids.next());
    let [first, second, third]: [TaskId; 3] = std::array::from_fn(|_| ids.next());
    let comment = TaskCommentAdded {
        task_id: first,
        project_id: org.project,
        comment_id: ids.next(),
        author_id: ada,
        parent_id: None,
        mentioned_ids: Vec::new(),
    };
    let story = [
        org.create("2026-03-02", first, &[ada, eve]),
        org.create("2026-03-02", second, &[ada]),
        org.create("2026-02-27", third, &[]),
        org.set_status("2026-03-03", first, Todo, InProgress),
        org.set_status("2026-03-04", first, InProgress, Done),
        org.set_status("2026-03-09", third, Todo, Done),
        org.event("2026-03-04", &comment),
        opened(&org, "2026-03-05", "=cmd|' /C calc'!A0"),
        opened(&org, "2026-03-05", "news.example, \"daily\""),
        opened(&org, "2026-04-01", "late.example"),
    ];
    world.take_in(&story).await;
    let who = Who::new(org.tenant, Role::Manager);

    let by_person = definition(&["tasks_created", "tasks_done", "comments"], "person");
    let mut expected = vec![
        "user_id,tasks_created,tasks_done,comments".to_owned(),
        ",0,1,0".to_owned(),
    ];
    let mut people = [format!("{ada},2,1,1"), format!("{eve},1,1,0")];
    people.sort();
    expected.extend(people);
    assert_eq!(world.lines(who, &by_person).await, expected);

    let mut by_week = definition(&["tasks_done", "lead_time", "cycle_time"], "week");
    by_week["period"] = json!({"relative": "this_month"});
    let (lead, cycle) = ((2 * 86_400 + 60).to_string(), (86_400 + 60).to_string());
    let long = (10 * 86_400 + 60).to_string();
    let of = |seconds: &str| [seconds; 4].join(",");
    let lines = world.lines(who, &by_week).await;
    assert_eq!(lines[1], "2026-03-01,0,0,,,,,0,,,,");
    assert_eq!(
        lines[2],
        format!("2026-03-02,1,1,{},1,{}", of(&lead), of(&cycle))
    );
    assert_eq!(lines[3], format!("2026-03-09,1,1,{},0,,,,", of(&long)));
    assert_eq!(lines.len(), 1 + 6);

    // Strangers write these.
    let referrers = world
        .lines(who, &definition(&["link_opens"], "referrer"))
        .await;
    assert_eq!(
        referrers,
        [
            "referrer,link_opens",
            "'=cmd|' /C calc'!A0,1",
            "\"news.example, \"\"daily\"\"\",1"
        ]
    );

    let mut low = definition(&["tasks_created"], "day");
    low["filter"] = json!({"priority": "low"});
    assert!(
        world.lines(who, &low).await[1..]
            .iter()
            .all(|line| line.ends_with(",0"))
    );
    world.drop().await;
}

#[tokio::test]
async fn file_is_written_while_it_is_read() {
    const ROWS: usize = 25_000;
    let world = World::new().await;
    let org = Organization::new();
    let who = Who::new(org.tenant, Role::Manager);
    let at = DateTime::from_millis(day("2026-03-04").timestamp_millis());
    let author = who.user.to_string();
    let event = |_| {
        let id = Ids::system().next::<TaskId>().to_string();
        doc! {
            "_id": &id, "tenant": org.tenant.to_string(), "type": "task.comment_added", "time": at,
            "seq": 1_i64, "event": { "data": { "task_id": id, "author_id": &author } },
        }
    };
    let events = world.database.collection::<Document>("events");
    events.insert_many((0..ROWS).map(event)).await.unwrap();
    let report = world.make(who, &definition(&["comments"], "task")).await;
    let report = world.run(who, &report).await;
    work_off(&world.store, world.clock.now()).await.unwrap();
    assert_eq!(world.report(who, &report).await["rows"], ROWS);

    let path = format!("reports/{report}/export?format=csv");
    let response = world.call(who, Method::GET, &path, None).await;
    let headers = response.headers();
    let disposition = format!("attachment; filename=\"report-{report}.csv\"");
    assert_eq!(headers["content-disposition"], disposition.as_str());
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
    let (mut text, mut pieces, mut longest) = (Vec::new(), 0, 0);
    let mut body = response.into_body().into_data_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.unwrap();
        pieces += 1;
        longest = longest.max(piece.len());
        text.extend(piece);
    }
    assert!(
        pieces >= 25 && longest < 64 * 1024,
        "{pieces} pieces, {longest} bytes"
    );
    let text = String::from_utf8(text).unwrap();
    let lines: BTreeSet<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), ROWS + 1);

    let lines = world.export(who, &report, "jsonl").await;
    let rows: Vec<Value> = lines
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let array = world.export(who, &report, "json").await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&array).unwrap(), rows);
    assert_eq!((rows.len(), &rows[7]["comments"]), (ROWS, &json!(1)));
    world.drop().await;
}

#[tokio::test]
async fn reports_about_others_are_for_those_with_the_permission() {
    let world = World::new().await;
    let tenant = Organization::new().tenant;
    let [manager, owner] = [Role::Manager, Role::Owner].map(|role| Who::new(tenant, role));
    let [member, other] = [Role::Member; 2].map(|role| Who::new(tenant, role));
    let stranger = Who::new(Organization::new().tenant, Role::Owner);
    let everything = definition(&["tasks_done"], "day");
    let mut own = everything.clone();
    own["filter"] = json!({"user_id": member.user});

    let body = json!({"name": "All", "definition": everything});
    let asked = world
        .call_json(member, Method::POST, "custom-reports", Some(&body))
        .await;
    assert_eq!(
        (asked.0, &asked.1["code"]),
        (StatusCode::FORBIDDEN, &json!("permission_denied"))
    );

    let (all, mine) = (
        world.make(manager, &everything).await,
        world.make(member, &own).await,
    );
    let (all_run, mine_run) = (
        world.run(manager, &all).await,
        world.run(member, &mine).await,
    );
    assert_eq!(work_off(&world.store, world.clock.now()).await.unwrap(), 2);
    let (ok, hidden) = (StatusCode::OK, StatusCode::NOT_FOUND);
    for (who, of_all, of_mine) in [
        (manager, ok, ok),
        (owner, ok, ok),
        (member, hidden, ok),
        (other, hidden, hidden),
        (stranger, hidden, hidden),
        // The same people with another role by now.
        (
            Who {
                role: Role::Viewer,
                ..manager
            },
            hidden,
            hidden,
        ),
        (
            Who {
                role: Role::Viewer,
                ..member
            },
            hidden,
            ok,
        ),
    ] {
        for (id, run, expected) in [(&all, &all_run, of_all), (&mine, &mine_run, of_mine)] {
            for path in [
                format!("custom-reports/{id}"),
                format!("reports/{run}"),
                format!("reports/{run}/export?format=json"),
            ] {
                let status = world.call(who, Method::GET, &path, None).await.status();
                assert_eq!(status, expected, "{who:?} {path}");
            }
            let path = format!("custom-reports/{id}/run");
            let status = world.call(who, Method::POST, &path, None).await.status();
            assert_eq!(
                status == StatusCode::ACCEPTED,
                expected == ok,
                "{who:?} {path}"
            );
            work_off(&world.store, world.clock.now()).await.unwrap();
        }
        for list in ["custom-reports", "reports"] {
            let (_, page) = world.call_json(who, Method::GET, list, None).await;
            let shown: BTreeSet<&str> = page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    row["definition"]["filter"]["user_id"]
                        .as_str()
                        .unwrap_or("all")
                })
                .collect();
            assert_eq!(shown.contains("all"), of_all == ok, "{who:?} {list}");
            assert_eq!(
                shown.len(),
                [of_all, of_mine].iter().filter(|seen| **seen == ok).count()
            );
        }
    }

    // Seen by all with the permission, changed by its owner and by who manages the organization.
    let change = json!({"name": "Mine now", "definition": everything});
    let path = format!("custom-reports/{all}");
    for (who, expected) in [
        (Who::new(tenant, Role::Manager), StatusCode::FORBIDDEN),
        (owner, ok),
        (manager, ok),
    ] {
        let status = world
            .call(who, Method::PUT, &path, Some(&change))
            .await
            .status();
        assert_eq!(status, expected);
    }
    let stranger = Who::new(tenant, Role::Manager);
    for path in [path, format!("reports/{all_run}")] {
        let status = world.call(stranger, Method::DELETE, &path, None).await;
        assert_eq!(status.status(), StatusCode::FORBIDDEN, "{path}");
    }
    // One's own cannot be made one about all.
    let path = format!("custom-reports/{mine}");
    let status = world
        .call(member, Method::PUT, &path, Some(&change))
        .await
        .status();
    assert_eq!(status, StatusCode::FORBIDDEN);
    world.drop().await;
}

#[tokio::test]
async fn of_two_changes_to_one_version_one_is_refused() {
    let world = World::new().await;
    let who = Who::new(Organization::new().tenant, Role::Manager);
    let of_days = definition(&["tasks_done"], "day");
    let path = format!("custom-reports/{}", world.make(who, &of_days).await);
    let change =
        |name: &str, version| json!({"name": name, "definition": of_days, "version": version});
    let (one, other) = (change("One", 1), change("Other", 1));
    let (one, other) = futures::join!(
        world.call(who, Method::PUT, &path, Some(&one)),
        world.call(who, Method::PUT, &path, Some(&other)),
    );
    let mut told = [one.status(), other.status()];
    told.sort();
    assert_eq!(told, [StatusCode::OK, StatusCode::CONFLICT]);
    let (_, now) = world.call_json(who, Method::GET, &path, None).await;
    assert_eq!(now["version"], 2);
    world.drop().await;
}

#[tokio::test]
async fn a_worker_keeps_its_report_while_it_works_on_it() {
    let world = World::new().await;
    let (who, custom) = world.of_one_task().await;
    let (report, now) = (world.run(who, &custom).await, world.clock.now());
    // The same row in a transaction holds up the worker's own.
    let mut other = world.database.client().start_session().await.unwrap();
    other.start_transaction().await.unwrap();
    let row = doc! {
        "tenant": who.tenant.to_string(), "report": &report, "attempt": 1, "place": 0_i64,
    };
    let rows = world.database.collection::<Document>("report_rows");
    rows.insert_one(row).session(&mut other).await.unwrap();

    let held_up = async {
        sleep(Duration::from_secs(7)).await;
        let past_the_first_lease = now + TimeDelta::seconds(16);
        let taken = work_off(&world.store, past_the_first_lease).await.unwrap();
        other.abort_transaction().await.unwrap();
        taken
    };
    let (made, taken) = futures::join!(work_off(&world.store, now), held_up);
    assert_eq!((made.unwrap(), taken), (1, 0));
    assert_eq!(world.report(who, &report).await["state"], "ready");
    world.drop().await;
}

#[tokio::test]
async fn what_a_worker_dies_on_is_made_by_another() {
    let world = World::new().await;
    let (who, custom) = world.of_one_task().await;
    let report = world.run(who, &custom).await;
    let (now, reports) = (
        world.clock.now(),
        world.database.collection::<Document>("reports"),
    );
    // As one leaves it that wrote a row and died.
    let lease = DateTime::from_millis((now + TimeDelta::seconds(15)).timestamp_millis());
    let begun = doc! { "$set": { "state": "running", "attempt": 1, "due_at": lease } };
    reports.update_one(doc! {}, begun).await.unwrap();
    let row = doc! {
        "tenant": who.tenant.to_string(), "report": &report, "attempt": 1, "place": 0_i64,
        "key": "2026-03-01", "numbers": [99_i64],
    };
    let rows = world.database.collection::<Document>("report_rows");
    rows.insert_one(row).await.unwrap();

    assert_eq!(work_off(&world.store, now).await.unwrap(), 0);
    assert_eq!(world.report(who, &report).await["state"], "running");
    let path = format!("reports/{report}/export?format=csv");
    let early = world.call(who, Method::GET, &path, None).await;
    assert_eq!(early.status(), StatusCode::CONFLICT);
    let later = now + TimeDelta::seconds(16);
    let both = futures::join!(work_off(&world.store, later), work_off(&world.store, later));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1);
    let lines = world.export(who, &report, "csv").await;
    assert_eq!(lines, "month,tasks_created\r\n2026-03-01,1\r\n");
    assert_eq!(rows.count_documents(doc! {}).await.unwrap(), 1);

    // Whoever dies on it each time does not die on it for ever.
    let report = world.run(who, &custom).await;
    let begun = doc! { "$set": { "state": "running", "attempt": 3 } };
    reports
        .update_one(doc! { "report": &report }, begun)
        .await
        .unwrap();
    assert_eq!(work_off(&world.store, later).await.unwrap(), 1);
    let report = world.report(who, &report).await;
    assert_eq!(
        (&report["state"], &report["failure"]),
        (&json!("failed"), &json!("gave_up"))
    );
    world.drop().await;
}

#[tokio::test]
async fn many_reports_at_once_are_made_once_each() {
    let world = World::new().await;
    let mut reports = Vec::new();
    for _ in 0..4 {
        let who = Who::new(Organization::new().tenant, Role::Manager);
        let custom = world.make(who, &definition(&["tasks_done"], "day")).await;
        for _ in 0..5 {
            reports.push((who, world.run(who, &custom).await));
        }
        let path = format!("custom-reports/{custom}/run");
        let (status, problem) = world.call_json(who, Method::POST, &path, None).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(problem["code"], "reports_being_made");
    }
    let now = world.clock.now();
    let workers = (0..4).map(|_| work_off(&world.store, now));
    let made = futures::future::try_join_all(workers).await.unwrap();
    assert_eq!(made.iter().sum::<usize>(), reports.len());
    for (who, report) in &reports {
        let made = world.report(*who, report).await;
        assert_eq!(
            (&made["state"], &made["rows"]),
            (&json!("ready"), &json!(31))
        );
    }
    let rows = world.database.collection::<Document>("report_rows");
    let rows = rows.count_documents(doc! {}).await.unwrap();
    assert_eq!(rows, 31 * u64::try_from(reports.len()).unwrap());

    // Two weeks later there are none, also where MongoDB has not removed them yet.
    world.clock.advance(TimeDelta::days(14));
    let (who, report) = &reports[0];
    let path = format!("reports/{report}");
    let gone = world.call(*who, Method::GET, &path, None).await.status();
    assert_eq!(gone, StatusCode::NOT_FOUND);
    world.drop().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let world = World::new().await;
    let who = Who::new(Organization::new().tenant, Role::Manager);
    let right = definition(&["tasks_done"], "day");
    let with = |field: &str, value: Value| {
        let mut definition = right.clone();
        definition[field] = value;
        json!({"name": "x", "definition": definition})
    };
    for (body, pointer) in [
        (with("measures", json!([])), "/definition/measures"),
        (
            with("measures", json!(vec!["tasks_done"; 8])),
            "/definition/measures",
        ),
        (with("measures", json!(["money"])), "/definition/measures/0"),
        (
            with("measures", json!(["link_opens", "link_opens"])),
            "/definition/measures/1",
        ),
        (with("group_by", json!("link")), "/definition/measures/0"),
        (with("group_by", json!("year")), "/definition/group_by"),
        (
            with("filter", json!({"link_id": who.user})),
            "/definition/filter/link_id",
        ),
        (
            with("filter", json!({"colour": "red"})),
            "/definition/filter/colour",
        ),
        (
            with("period", json!({"relative": "last_2_days"})),
            "/definition/period/relative",
        ),
        (
            with("period", json!({"from": "2026-03-01"})),
            "/definition/period/relative",
        ),
        (
            with("timezone", json!("Mars/Olympus")),
            "/definition/timezone",
        ),
        (json!({"name": "", "definition": right}), "/name"),
        (json!({"name": "a\nb", "definition": right}), "/name"),
        (
            json!({"name": "x".repeat(101), "definition": right}),
            "/name",
        ),
        (json!({"name": "x"}), "/definition"),
    ] {
        let (status, problem) = world
            .call_json(who, Method::POST, "custom-reports", Some(&body))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let at: Vec<&str> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert!(at.contains(&pointer), "{pointer}: {at:?}");
    }
    let custom = world.make(who, &right).await;
    let report = world.run(who, &custom).await;
    for path in [
        "custom-reports/x".to_owned(),
        format!("reports/{report}/export"),
        format!("reports/{report}/export?format=xlsx"),
        "reports?state=ready".to_owned(),
        "reports?cursor=x".to_owned(),
    ] {
        let status = world.call(who, Method::GET, &path, None).await.status();
        assert!(
            status.is_client_error() && status != StatusCode::CONFLICT,
            "{path} {status}"
        );
    }
    world.drop().await;
}

#[tokio::test]
async fn pages_show_each_report_once() {
    let world = World::new().await;
    let who = Who::new(Organization::new().tenant, Role::Manager);
    let custom = world.make(who, &definition(&["tasks_done"], "day")).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(world.run(who, &custom).await);
    }
    made.reverse();
    let (mut shown, mut path) = (Vec::new(), "reports?limit=2".to_owned());
    loop {
        let (_, page) = world.call_json(who, Method::GET, &path, None).await;
        let items = page["items"].as_array().unwrap().iter();
        shown.extend(items.map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("reports?limit=2&cursor={cursor}");
    }
    assert_eq!(shown, made);
    world.drop().await;
}

#[tokio::test]
async fn reports_end_with_their_person_and_their_organization() {
    let world = World::new().await;
    let (acme, zeta) = (Organization::new(), Organization::new());
    let [ada, eve] = [Role::Manager; 2].map(|role| Who::new(acme.tenant, role));
    let zoe = Who::new(zeta.tenant, Role::Manager);
    for who in [ada, eve, zoe] {
        world.lines(who, &definition(&["tasks_done"], "day")).await;
    }
    let (_, records) = world.personal(acme.tenant, Method::GET, ada.user).await;
    let record = &records["items"][0];
    assert_eq!(
        (&record["table"], &record["row"]["name"]),
        (&json!("custom_reports"), &json!("Of March"))
    );

    let (_, erased) = world.personal(acme.tenant, Method::DELETE, ada.user).await;
    assert_eq!(erased, json!({"names": 0, "reports": 2}));
    let left = async |tenant: TenantId| {
        let mut left = Vec::new();
        for name in ["custom_reports", "reports", "report_rows"] {
            let own = doc! { "tenant": tenant.to_string() };
            left.push(world.documents(name, own).await.len());
        }
        left
    };
    assert_eq!(left(acme.tenant).await, [1, 1, 31]);
    world
        .erase(httpkit::Service::TenantResolver, acme.tenant)
        .await;
    assert_eq!(
        (left(acme.tenant).await, left(zeta.tenant).await),
        (vec![0, 0, 0], vec![1, 1, 31])
    );
    world.drop().await;
}
