//! Custom reports, asked for as people ask, and sent by mail.

use e2e::{Organization, Person, mail_to};
use kernel::Role;
use mongodb::bson::{DateTime, Document, doc};
use serde_json::{Value, json};
use testkit::{eventually, setting};

const REPORTS: &str = "/api/v1/analytics/custom-reports";

/// Has a report made, and answers its id.
pub(crate) async fn run(person: &Person, definition: &Value) -> String {
    let body = json!({"name": "Numbers", "definition": definition});
    let made = person.api.post(REPORTS, &body).await.expect(201).json();
    let path = format!("{REPORTS}/{}/run", made["id"].as_str().unwrap());
    let report = person.api.post(&path, &Value::Null).await.expect(202);
    report.json()["id"].as_str().unwrap().to_owned()
}

/// The lines of a report below the names of its columns, when it is ready.
pub(crate) async fn lines(person: &Person, report: &str, seconds: u64) -> Vec<String> {
    let path = format!("/api/v1/analytics/reports/{report}");
    eventually("the report is ready", seconds, async || {
        let report = person.api.get(&path).await.expect(200).json();
        assert_ne!(report["state"], "failed", "{report}");
        (report["state"] == "ready").then_some(())
    })
    .await;
    let file = person.api.get(&format!("{path}/export?format=csv")).await;
    let text = file.expect(200).text;
    let lines = text.split_terminator("\r\n").skip(1);
    lines.map(str::to_owned).collect()
}

/// Mails about reports, as the mail catcher lists them.
async fn mails_about_reports(person: &Person) -> Vec<Value> {
    let catcher = setting("TENANTRY_TEST_MAIL_URL");
    let url = format!("{catcher}/messages.json?to={}", person.email);
    let mails: Vec<Value> = reqwest::get(&url).await.unwrap().json().await.unwrap();
    let of_reports = mails.into_iter().filter(|mail| {
        let text = mail["text"].as_str().unwrap_or_default();
        text.contains("scheduled report")
    });
    of_reports.collect()
}

#[tokio::test]
async fn scheduled_report_comes_by_mail_once_to_those_who_are_members() {
    let acme = Organization::sign_up().await;
    let manager = acme.join(Role::Manager).await;
    let elsewhere = Organization::sign_up().await;
    let period = json!({"relative": "previous_month"});
    let definition = json!({"measures": ["tasks_done"], "group_by": "day", "period": period});
    let body = json!({"name": "Monthly", "definition": definition});
    let made = acme.owner.api.post(REPORTS, &body).await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    let recipients = [acme.owner.id, manager.id, elsewhere.owner.id];
    let monthly =
        json!({"every": "month", "day_of_month": 1, "hour": 7, "recipient_ids": recipients});
    let path = format!("{REPORTS}/{id}/schedule");
    let schedule = acme.owner.api.put(&path, &monthly).await.expect(200).json();

    // Its time has come: nobody waits for the first of the month.
    let mongo = mongodb::Client::with_uri_str(setting("TENANTRY_TEST_MONGO_URL"))
        .await
        .unwrap();
    let schedules = mongo
        .database("analytics")
        .collection::<Document>("report_schedules");
    let due = doc! { "$set": { "due_at": DateTime::from_millis(0) } };
    let this = doc! { "tenant": acme.id.to_string(), "custom_report": id };
    schedules.update_one(this, due).await.unwrap();

    for person in [&acme.owner, &manager] {
        let mail = mail_to(&person.email, "scheduled report").await;
        let link = mail["links"].as_array().unwrap().iter();
        let link = link
            .filter_map(Value::as_str)
            .find(|link| link.contains("/export"))
            .unwrap();
        let (host, path) = link.split_once("/api/").unwrap();
        assert!(host.contains(&format!("//{}.", acme.subdomain)), "{link}");
        let file = person.api.get(&format!("/api/{path}")).await.expect(200);
        assert!(file.text.starts_with("day,tasks_done\r\n"), "{}", file.text);
    }
    let after = acme.owner.api.get(&path).await.expect(200).json();
    assert_eq!(after["next_run_at"], schedule["next_run_at"]);
    let made = acme.owner.api.get("/api/v1/analytics/reports").await;
    assert_eq!(
        made.expect(200).json()["items"].as_array().unwrap().len(),
        1
    );
    for (person, count) in [(&acme.owner, 1), (&manager, 1), (&elsewhere.owner, 0)] {
        assert_eq!(mails_about_reports(person).await.len(), count);
    }
}
