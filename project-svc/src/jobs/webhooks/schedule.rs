//! What follows an attempt: the schedule of Standard Webhooks ("Deliverability and reliability"), and when to stop.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::send::Failure;
use crate::webhook::DisabledReason;

/// Waits before the second attempt and each one after it; some three days together.
const DELAYS: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// A receiver may ask for no longer wait than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// Waits are longer by up to this part of a thousand, so that what failed together does not come back together.
const JITTER_PERMILLE: i32 = 200;

/// What is to be done with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Delivered,
    Again(DateTime<Utc>),
    Over,
}

/// What an attempt came to, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Result {
    /// None for a success.
    pub(super) error: Option<Failure>,
    pub(super) status: Option<u16>,
    pub(super) retry_after: Option<TimeDelta>,
    pub(super) ended_at: DateTime<Utc>,
}

/// What follows after so many tries, this one included. `id` is the delivery's: its digits are the jitter.
pub(super) fn next(result: &Result, tries: i32, is_test: bool, id: Uuid) -> Next {
    if result.error.is_none() {
        return Next::Delivered;
    }
    if is_test || disables(result).is_some() {
        return Next::Over;
    }
    let delay = usize::try_from(tries - 1).ok();
    let Some(delay) = delay.and_then(|tried| DELAYS.get(tried)) else {
        return Next::Over;
    };
    let asked = result.retry_after.unwrap_or_default().min(LONGEST_WAIT);
    let wait = spread(*delay, tries, id).max(asked);
    Next::Again(result.ended_at + wait)
}

/// Why the webhook is to be switched off at once, if it is.
pub(super) fn disables(result: &Result) -> Option<DisabledReason> {
    match (result.status, result.error) {
        (Some(410), _) => Some(DisabledReason::Gone),
        (_, Some(Failure::SecretLost)) => Some(DisabledReason::SecretLost),
        _ => None,
    }
}

/// The delay and its jitter, another one for each try.
fn spread(delay: TimeDelta, tries: i32, id: Uuid) -> TimeDelta {
    let (_, random) = id.as_u64_pair();
    let turned = random.rotate_left(tries.unsigned_abs() * 7) % 1_000;
    let turned = i32::try_from(turned).unwrap_or_default();
    delay + delay * JITTER_PERMILLE / 1_000 * turned / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(status: u16) -> Result {
        Result {
            error: Some(Failure::Status),
            status: Some(status),
            retry_after: None,
            ended_at: DateTime::UNIX_EPOCH,
        }
    }

    fn wait(result: &Result, tries: i32) -> Option<TimeDelta> {
        match next(result, tries, false, Uuid::from_u128(0x1234_5678_9abc_def0)) {
            Next::Again(at) => Some(at - result.ended_at),
            Next::Delivered | Next::Over => None,
        }
    }

    #[test]
    fn failed_attempts_are_ten_and_wait_as_the_standard_says_and_a_little_longer() {
        for (tried, delay) in DELAYS.into_iter().enumerate() {
            let wait = wait(&failed(500), i32::try_from(tried).unwrap() + 1).unwrap();
            assert!(wait >= delay && wait < delay * 6 / 5, "{tried}: {wait}");
        }
        assert_eq!(wait(&failed(500), 10), None);
    }

    #[test]
    fn jitter_differs_between_deliveries() {
        let ids = [0x0192_aaaa_u128, 0xfeed_beef_dead_cafe];
        let waits = ids.map(|id| spread(TimeDelta::hours(2), 3, Uuid::from_u128(id)));
        assert_ne!(waits[0], waits[1]);
    }

    #[test]
    fn receiver_may_ask_for_a_longer_wait_but_not_for_any() {
        let asking = |wait| Result {
            retry_after: Some(wait),
            ..failed(503)
        };
        assert_eq!(
            wait(&asking(TimeDelta::hours(1)), 1),
            Some(TimeDelta::hours(1))
        );
        assert_eq!(wait(&asking(TimeDelta::days(30)), 1), Some(LONGEST_WAIT));
        assert!(wait(&asking(TimeDelta::zero()), 2).unwrap() >= TimeDelta::minutes(5));
    }

    #[test]
    fn gone_and_lost_secrets_end_it_and_tests_are_tried_once() {
        let id = Uuid::from_u128(1);
        assert_eq!(next(&failed(410), 1, false, id), Next::Over);
        assert_eq!(disables(&failed(410)), Some(DisabledReason::Gone));
        let lost = Result {
            error: Some(Failure::SecretLost),
            status: None,
            ..failed(0)
        };
        assert_eq!(next(&lost, 1, false, id), Next::Over);
        assert_eq!(disables(&lost), Some(DisabledReason::SecretLost));
        assert_eq!(next(&failed(500), 1, true, id), Next::Over);
        assert_eq!(disables(&failed(404)), None);
        let fine = Result {
            error: None,
            ..failed(204)
        };
        assert_eq!(next(&fine, 1, true, id), Next::Delivered);
    }
}
