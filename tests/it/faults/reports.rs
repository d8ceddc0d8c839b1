//! Reports that are being made when analytics dies.

use e2e::{Dev, Organization};
use serde_json::json;

use crate::reports::{lines, run};

#[tokio::test]
async fn killed_analytics_goes_on_with_its_reports() {
    let acme = Organization::sign_up().await;
    let period = json!({"relative": "last_365_days"});
    let definition = json!({"measures": ["tasks_done"], "group_by": "day", "period": period});
    let mut reports = Vec::new();
    for _ in 0..5 {
        reports.push(run(&acme.owner, &definition).await);
    }
    Dev.kill("analytics").await;
    Dev.start("analytics").await;
    for report in &reports {
        // One that was begun is taken up again when its lease is over.
        assert_eq!(lines(&acme.owner, report, 120).await.len(), 365);
    }
}
