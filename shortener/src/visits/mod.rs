//! Visits: who opened a link is counted and told, and no guest waits for it.
//!
//! A visit goes to a buffer, from there within [`journal::GATHER`] to a file on this machine, and from the file to the
//! database: counters at once, events at a steady pace. How far a file was read is written in the transaction that
//! counts and tells, so a visit counts once, whatever ends in between. What a process left is finished by the next.

mod journal;
mod recorder;
mod segment;
mod store;
mod visitor;

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::topic::link::Device;
use http::HeaderValue;
use kernel::{EventId, LinkId, TenantId};
use serde::{Deserialize, Serialize};

use crate::entity::link;

pub(crate) use journal::Journal;
pub(crate) use recorder::Recorder;
pub(crate) use visitor::{Agents, Visitors};

/// A visit as the request tells it. Takes nothing but references along: what is to be known of it is found out later.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) at: DateTime<Utc>,
    pub(crate) link: Arc<link::Model>,
    pub(crate) client: Option<IpAddr>,
    pub(crate) agent: Option<HeaderValue>,
    pub(crate) referrer: Option<HeaderValue>,
    pub(crate) bot: bool,
    /// Whether it is an open that the link's row does not count yet.
    pub(crate) uncounted: bool,
    pub(crate) traceparent: Option<String>,
}

/// A visit as it is kept: nothing tells the person or the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Visit {
    id: EventId,
    at: DateTime<Utc>,
    tenant: TenantId,
    link: LinkId,
    resource: String,
    device: Device,
    bot: bool,
    visitor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    referrer: Option<String>,
    uncounted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}
