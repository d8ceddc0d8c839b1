//! `report.*`: reports of the envelope's tenant, told by analytics.

use chrono::{DateTime, Utc};
use kernel::{ReportId, UserId};
use serde::{Deserialize, Serialize};

/// A report that was made by a schedule is there; told once for each person who is to have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportReady {
    /// The report.
    pub report_id: ReportId,
    /// Who is to be told.
    pub recipient_id: UserId,
    /// When it was made.
    pub ready_at: DateTime<Utc>,
    /// When it is thrown away.
    pub expires_at: DateTime<Utc>,
}

super::events! {
    ReportReady => "report.ready" of report_id,
}
