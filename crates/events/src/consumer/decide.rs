//! What is to happen with each message of a batch. Knows payloads and the handler, nothing of AMQP.

use std::borrow::Cow;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use crate::Envelope;

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is done with.
    Ack,
    /// It comes again after each pause of [`Queue::work`](super::Queue::work), then it is dead. Later events
    /// overtake it: a handler that answers this must not depend on order. Not for an outage of the handler's own
    /// store, which may last longer: wait for that inside the handler. The reason is kept with the message.
    Retry(Cow<'static, str>),
    /// It goes to the dead-letter queue at once, with the reason.
    Dead(Cow<'static, str>),
}

/// The reason of a message whose handler panicked over it alone.
const PANICKED: Action = Action::Retry(Cow::Borrowed("the handler panicked"));

/// The reason of a message that the handler said nothing about.
const UNANSWERED: Action = Action::Retry(Cow::Borrowed("the handler gave no answer"));

/// One action per payload. A handler that panics over a batch is asked about each message alone, so
/// that only the poison one is left behind.
pub(super) async fn decide<F, Fut>(handler: &F, payloads: Vec<&[u8]>) -> Vec<Action>
where
    F: Fn(Vec<Envelope>) -> Fut + Send + Sync,
    Fut: Future<Output = Vec<Action>> + Send,
{
    if let Some(actions) = attempt(handler, &payloads).await {
        return actions;
    }
    if payloads.len() == 1 {
        return vec![PANICKED];
    }
    let mut actions = Vec::with_capacity(payloads.len());
    for payload in payloads {
        let alone = attempt(handler, &[payload]).await;
        actions.extend(alone.unwrap_or_else(|| vec![PANICKED]));
    }
    actions
}

/// One action per payload, or none if the handler panicked. What does not decode is dead.
async fn attempt<F, Fut>(handler: &F, payloads: &[&[u8]]) -> Option<Vec<Action>>
where
    F: Fn(Vec<Envelope>) -> Fut + Send + Sync,
    Fut: Future<Output = Vec<Action>> + Send,
{
    let mut envelopes = Vec::with_capacity(payloads.len());
    let mut undecodable = Vec::with_capacity(payloads.len());
    for payload in payloads {
        match Envelope::decode(payload) {
            Ok(envelope) => {
                envelopes.push(envelope);
                undecodable.push(None);
            }
            Err(error) => undecodable.push(Some(Action::Dead(error.to_string().into()))),
        }
    }
    let decided = if envelopes.is_empty() {
        Vec::new()
    } else {
        // The future is dropped after a panic; what the handler shares must be sound by itself.
        let handling = AssertUnwindSafe(async { handler(envelopes).await });
        handling.catch_unwind().await.ok()?
    };
    let mut decided = decided.into_iter();
    let actions = undecodable
        .into_iter()
        .map(|dead| dead.unwrap_or_else(|| decided.next().unwrap_or(UNANSWERED)));
    Some(actions.collect())
}

#[cfg(test)]
mod tests {
    use kernel::{Clock, Ids, UserId};

    use super::{Action, PANICKED, UNANSWERED, decide as decide_with};
    use crate::Envelope;
    use crate::topic::user::UserCreated;

    fn payload(source: &'static str) -> String {
        let user_id = UserId::from(uuid::Uuid::from_u128(1));
        let event = UserCreated { user_id };
        Envelope::new(&Ids::system(), &Clock::system(), source, None, None, &event)
            .to_json()
            .to_string()
    }

    async fn decide(payloads: &[&str]) -> Vec<Action> {
        let handler = |batch: Vec<Envelope>| async move {
            assert!(batch.iter().all(|envelope| envelope.source != "poison"));
            let answers = batch.into_iter().filter(|e| e.source != "silent");
            answers.map(|_| Action::Ack).collect()
        };
        let payloads: Vec<&[u8]> = payloads.iter().map(|text| text.as_bytes()).collect();
        decide_with(&handler, payloads).await
    }

    #[tokio::test]
    async fn undecodable_message_is_dead_and_its_neighbours_are_handled() {
        let good = payload("good");
        let actions = decide(&[&good, "{", &good]).await;
        assert!(matches!(
            actions.as_slice(),
            [Action::Ack, Action::Dead(_), Action::Ack]
        ));
    }

    #[tokio::test]
    async fn message_that_panics_the_handler_is_retried_alone() {
        let (good, poison) = (payload("good"), payload("poison"));
        let actions = decide(&[&good, &poison, &good]).await;
        assert_eq!(actions, [Action::Ack, PANICKED, Action::Ack]);
    }

    #[tokio::test]
    async fn message_without_an_answer_is_retried() {
        let actions = decide(&[&payload("good"), &payload("silent")]).await;
        assert_eq!(actions, [Action::Ack, UNANSWERED]);
    }
}
