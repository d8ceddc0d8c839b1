//! The wire form of an event: CloudEvents 1.0 in structured JSON mode, with the extensions
//! `tenantid`, `actorid` and `traceparent`.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use kernel::{Clock, EventId, Ids, TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Event;

/// Media type of an encoded envelope.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

const SPEC_VERSION: &str = "1.0";
const DATA_CONTENT_TYPE: &str = "application/json";

/// One event with everything a consumer needs to know about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Envelope {
    /// The version of CloudEvents.
    specversion: Cow<'static, str>,
    /// Known once and for all by this: a second delivery carries the same id.
    pub id: EventId,
    /// The service that tells it, `project-svc`.
    pub source: Cow<'static, str>,
    /// The type, also the routing key: `task.created`.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// The id of the thing it happened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The form of the data.
    datacontenttype: Cow<'static, str>,
    /// The organization it happened in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenantid: Option<TenantId>,
    /// The person who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actorid: Option<UserId>,
    /// W3C trace context of the request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What its type says.
    data: Value,
}

/// Why bytes or data are not the event that was expected.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON of an envelope. Where and how, but not what it says instead: that may be anybody's.
    #[error("decode event envelope: {:?} error at line {} column {}", .0.classify(), .0.line(), .0.column())]
    Malformed(#[source] serde_json::Error),
    /// An envelope of another version of CloudEvents.
    #[error("event envelope of cloudevents version {0:?}")]
    Version(String),
    /// Data of another type were asked for.
    #[error("event of type {found:?} where {wanted:?} was expected")]
    Type {
        /// The type in the envelope.
        found: String,
        /// The type asked for.
        wanted: &'static str,
    },
    /// Data that do not fit the contract of their type.
    #[error("decode data of event {kind:?}")]
    Data {
        /// The type in the envelope.
        kind: String,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
}

impl Envelope {
    /// Wraps an event that happens now. `source` is the name of the service.
    pub fn new<E: Event>(
        ids: &Ids,
        clock: &Clock,
        source: &'static str,
        tenant: impl Into<Option<TenantId>>,
        actor: impl Into<Option<UserId>>,
        event: &E,
    ) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "events are plain structs with string keys; the golden test writes each of them"
        )]
        let data = serde_json::to_value(event).expect("event data is JSON");
        Self {
            specversion: Cow::Borrowed(SPEC_VERSION),
            id: ids.next(),
            source: Cow::Borrowed(source),
            kind: Cow::Borrowed(E::TYPE),
            subject: Some(event.subject()),
            time: clock.now(),
            datacontenttype: Cow::Borrowed(DATA_CONTENT_TYPE),
            tenantid: tenant.into(),
            actorid: actor.into(),
            traceparent: None,
            data,
        }
    }

    /// Ties the event to the trace of the request that caused it.
    #[must_use]
    pub fn with_traceparent(mut self, traceparent: Option<String>) -> Self {
        self.traceparent = traceparent;
        self
    }

    /// Sets another time than now: what is told happened then (an import).
    #[must_use]
    pub fn at(mut self, time: DateTime<Utc>) -> Self {
        self.time = time;
        self
    }

    /// Reads an envelope from the wire; its data are checked by [`Envelope::data`].
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let envelope: Self = serde_json::from_slice(bytes).map_err(EnvelopeError::Malformed)?;
        if envelope.specversion != SPEC_VERSION {
            return Err(EnvelopeError::Version(envelope.specversion.into_owned()));
        }
        Ok(envelope)
    }

    /// The envelope as JSON.
    pub fn to_json(&self) -> Value {
        #[expect(
            clippy::expect_used,
            reason = "an envelope is a plain struct with string keys"
        )]
        serde_json::to_value(self).expect("envelope is JSON")
    }

    /// Whether it carries an event of this type.
    pub fn is<E: Event>(&self) -> bool {
        self.kind == E::TYPE
    }

    /// The event inside.
    pub fn data<E: Event>(&self) -> Result<E, EnvelopeError> {
        if !self.is::<E>() {
            return Err(EnvelopeError::Type {
                found: self.kind.to_string(),
                wanted: E::TYPE,
            });
        }
        E::deserialize(&self.data).map_err(|source| EnvelopeError::Data {
            kind: self.kind.to_string(),
            source,
        })
    }

    /// The event inside, untyped.
    pub fn raw_data(&self) -> &Value {
        &self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic::link::LinkRevoked;
    use crate::topic::user::UserCreated;

    fn envelope() -> Envelope {
        let user_id = UserId::from(uuid::Uuid::from_u128(1));
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        Envelope::new(
            &Ids::system(),
            &clock,
            "identity",
            None,
            user_id,
            &UserCreated { user_id },
        )
    }

    #[test]
    fn event_reads_back_from_the_wire() {
        let sent = envelope();
        let got = Envelope::decode(sent.to_json().to_string().as_bytes()).unwrap();
        assert_eq!(got, sent);
        assert_eq!(
            got.data::<UserCreated>().unwrap().user_id,
            sent.actorid.unwrap()
        );
    }

    #[test]
    fn data_of_another_type_are_refused() {
        let error = envelope().data::<LinkRevoked>().unwrap_err();
        assert!(matches!(error, EnvelopeError::Type { .. }));
    }

    #[test]
    fn fields_and_data_of_a_newer_producer_are_ignored() {
        let mut json = envelope().to_json();
        json["dataschema"] = "https://example.test/schema".into();
        json["data"]["nickname"] = "ada".into();
        let got = Envelope::decode(json.to_string().as_bytes()).unwrap();
        assert!(got.data::<UserCreated>().is_ok());
    }

    #[test]
    fn another_version_of_the_specification_is_refused() {
        let mut json = envelope().to_json();
        json["specversion"] = "0.3".into();
        let error = Envelope::decode(json.to_string().as_bytes()).unwrap_err();
        assert!(matches!(error, EnvelopeError::Version(_)));
    }
}
