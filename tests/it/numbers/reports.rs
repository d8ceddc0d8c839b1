//! Custom reports beside SQL.

use serde_json::json;

use super::truth::Truth;
use super::{Past, ZONES};
use crate::reports::{lines, run};

/// A line as [`Truth`] writes it: nothing is `-`.
fn plain(line: &str) -> String {
    let cells = line.split(',').map(|cell| match cell {
        "" => "-",
        cell => cell,
    });
    cells.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn reports_equal_sql() {
    let past = Past::new().await;
    let owner = &past.acme.owner;
    let period = json!({"from": "2026-03-20", "to": "2026-04-12"});
    let filters = [
        json!({}),
        json!({"project_id": past.project}),
        json!({"user_id": past.member.id}),
    ];
    for (zone, group) in ZONES.into_iter().zip(["day", "week", "month"]) {
        for ((_, tasks), filter) in past.parts().into_iter().zip(&filters) {
            let truth = Truth::of(&past.sql, &tasks, zone).cut(group);
            for (measure, expected) in [
                ("tasks_created", truth.counted("created_at").await),
                ("tasks_done", truth.counted("completed_at").await),
                ("lead_time", truth.times("created_at").await),
                ("cycle_time", truth.times("began_at").await),
            ] {
                let definition = json!({
                    "measures": [measure], "group_by": group, "filter": filter, "period": period,
                    "timezone": zone,
                });
                let found = lines(owner, &run(owner, &definition).await, 30).await;
                let found: Vec<String> = found.iter().map(|line| plain(line)).collect();
                assert_eq!(found, expected, "{measure} {group} {zone} {filter}");
            }
        }
    }
    let truth = Truth::of(&past.sql, "true", "Europe/Berlin");
    for (group, column) in [
        ("project", "project_id"),
        ("status", "status"),
        ("priority", "priority"),
    ] {
        let definition = json!({
            "measures": ["tasks_created", "estimate_done"], "group_by": group, "period": period,
            "timezone": "Europe/Berlin",
        });
        let found = lines(owner, &run(owner, &definition).await, 30).await;
        let found: Vec<String> = found.iter().map(|line| plain(line)).collect();
        assert_eq!(found, truth.by(column).await, "{group}");
    }
}
