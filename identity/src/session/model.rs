//! What a refresh token that is presented brings about.
//!
//! Unused: a new pair. Used, but within [`GRACE`] and with its successor still unused: the answer was lost, or two
//! requests raced; the successor is withdrawn and a new pair given, so that the last answer is the usable one.
//! Any other second use, that of a withdrawn token too: somebody has a copy, and the whole session ends.

use chrono::{DateTime, TimeDelta, Utc};

/// Time in which a client may ask again for a lost answer.
const GRACE: TimeDelta = TimeDelta::seconds(10);
/// A session that nobody refreshes for this long is over.
const IDLE: TimeDelta = TimeDelta::days(7);

/// A refresh token with what matters of its session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Presented {
    /// Ended by logout or by a reuse.
    pub(super) revoked: bool,
    /// The earlier of the token's and the session's end.
    pub(super) expires_at: DateTime<Utc>,
    /// When it was exchanged or withdrawn.
    pub(super) used_at: Option<DateTime<Utc>>,
    /// Whether the token it was exchanged for waits for its use.
    pub(super) successor_unused: bool,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Give a new pair.
    Rotate,
    /// Withdraw the successor, then give a new pair.
    Replace,
    /// End the session.
    Reused,
    /// Say no; nothing changes.
    Refuse,
}

pub(super) fn judge(token: Presented, now: DateTime<Utc>) -> Verdict {
    if token.revoked || token.expires_at <= now {
        return Verdict::Refuse;
    }
    match token.used_at {
        None => Verdict::Rotate,
        Some(at) if token.successor_unused && now - at <= GRACE => Verdict::Replace,
        Some(_) => Verdict::Reused,
    }
}

/// When a refresh token issued now expires.
pub(super) fn refresh_expiry(now: DateTime<Utc>, session_end: DateTime<Utc>) -> DateTime<Utc> {
    session_end.min(now + IDLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_of_a_token_has_its_verdict() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let fresh = Presented {
            revoked: false,
            expires_at: now + TimeDelta::days(7),
            used_at: None,
            successor_unused: false,
        };
        let used = |seconds, successor_unused| Presented {
            used_at: Some(now - TimeDelta::seconds(seconds)),
            successor_unused,
            ..fresh
        };
        let table = [
            ("unused", fresh, Verdict::Rotate),
            ("answer lost", used(3, true), Verdict::Replace),
            ("answer lost too long ago", used(11, true), Verdict::Reused),
            ("successor in use", used(3, false), Verdict::Reused),
            (
                "expired",
                Presented {
                    expires_at: now,
                    ..fresh
                },
                Verdict::Refuse,
            ),
            (
                "session over",
                Presented {
                    revoked: true,
                    ..used(3, true)
                },
                Verdict::Refuse,
            ),
        ];
        for (what, token, verdict) in table {
            assert_eq!(judge(token, now), verdict, "{what}");
        }
    }

    #[test]
    fn refresh_token_outlives_neither_idleness_nor_its_session() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(refresh_expiry(now, now + TimeDelta::days(30)), now + IDLE);
        let end = now + TimeDelta::days(2);
        assert_eq!(refresh_expiry(now, end), end);
    }
}
