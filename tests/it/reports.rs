//! Custom reports, asked for as people ask.

use e2e::Person;
use serde_json::{Value, json};
use testkit::eventually;

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
