//! Tells that scheduled reports are ready.

use chrono::{DateTime, Utc};
use events::outbox::OutboxRow;
use events::topic::report::ReportReady;
use events::{Envelope, Publisher};
use kernel::{Clock, Ids, TenantId};

use crate::report::{self, Report};
use crate::store::{Store, StoreError, time};

/// Tells of what is ready and was not told of; answers how many reports that were. What the broker does not confirm is
/// told again, with the same ids.
pub async fn tell_all(
    store: &Store,
    publisher: &Publisher,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut told = 0;
    while let Some((tenant, report)) = report::store::take_untold(store, now).await? {
        let rows = rows(tenant, &report);
        match publisher.publish(&rows).await {
            Ok(confirmed) if confirmed == rows.len() => {
                report::store::note_told(store, tenant, &report).await?;
                told += 1;
            }
            Ok(_) => break,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, tenant.id = %tenant, "report is not told of yet");
                break;
            }
        }
    }
    Ok(told)
}

fn rows(tenant: TenantId, report: &Report) -> Vec<OutboxRow> {
    let made = report.finished_at.unwrap_or(report.created_at);
    let rows = report.tell.iter().map(|tell| {
        let event = ReportReady {
            report_id: report.report,
            recipient_id: tell.recipient,
            ready_at: time(made),
            expires_at: time(report.expires_at),
        };
        let (ids, clock) = (Ids::system(), Clock::system());
        let envelope = Envelope::new(&ids, &clock, "analytics", tenant, None, &event);
        let mut envelope = envelope.at(time(made));
        envelope.id = tell.event;
        OutboxRow {
            seq: 0,
            id: tell.event.uuid(),
            kind: envelope.kind.to_string(),
            event: envelope.to_json().to_string(),
            behind: 0,
            age_ms: 0,
        }
    });
    rows.collect()
}
