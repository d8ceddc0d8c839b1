//! `session.*`: ended sign-ins, told by identity.

use chrono::{DateTime, Utc};
use kernel::{SessionId, UserId};
use serde::{Deserialize, Serialize};

/// The session's access tokens are void although their time is not up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SessionRevoked {
    /// The session.
    pub session_id: SessionId,
    /// Whose it was.
    pub user_id: UserId,
    /// When its last access token expires by itself; nobody need remember it longer.
    pub expires_at: DateTime<Utc>,
}

super::events! {
    SessionRevoked => "session.revoked" of session_id,
}
