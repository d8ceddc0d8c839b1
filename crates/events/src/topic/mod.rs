//! The event contracts, one file a topic, one struct an event.
//!
//! A contract only grows: new fields are optional, nothing is renamed or removed. Data carry ids and
//! facts, never titles, mail addresses or bodies. `golden/<type>.json` fixes the wire form of each.

pub mod board;
pub mod comment;
pub mod link;
pub mod organization;
pub mod project;
pub mod report;
pub mod session;
pub mod task;
pub mod tenant;
pub mod user;
pub mod webhook;
pub mod workspace;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The data of one type of event.
pub trait Event: Serialize + DeserializeOwned {
    /// The CloudEvents type and the routing key, `task.status_changed`.
    const TYPE: &'static str;

    /// The id of the thing it happened to.
    fn subject(&self) -> String;
}

/// Names the type and the subject of each event of a topic.
macro_rules! events {
    ($($event:ident => $type:literal of $subject:ident,)+) => {
        $(impl crate::topic::Event for $event {
            const TYPE: &'static str = $type;

            fn subject(&self) -> String {
                self.$subject.to_string()
            }
        })+

        /// The contracts of this topic.
        pub(crate) const CONTRACTS: &[crate::contracts::Contract] = &[$(
            crate::contracts::Contract::of::<$event>(include_str!(concat!("../../golden/", $type, ".json")))
        ),+];
    };
}
pub(crate) use events;

#[cfg(test)]
pub(crate) mod golden;
