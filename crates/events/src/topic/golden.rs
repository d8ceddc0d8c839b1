//! Golden test: each event has one file with its wire form, which must be read and written back
//! without a difference. A changed file is a changed contract.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::Event;
use crate::Envelope;
use crate::contracts::all;

/// The data as their type reads and writes them, and its subject.
pub(crate) fn rewrite<E: Event>(envelope: &Envelope) -> (Value, String) {
    let event: E = envelope.data().unwrap();
    (serde_json::to_value(&event).unwrap(), event.subject())
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

#[test]
fn every_event_has_a_golden_file_and_no_file_is_left_over() {
    let known: BTreeSet<String> = all().map(|c| format!("{}.json", c.kind)).collect();
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, known);
}

#[test]
fn golden_events_are_read_and_written_back_unchanged() {
    for contract in all() {
        let file = folder().join(format!("{}.json", contract.kind));
        let golden: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let envelope = Envelope::decode(golden.to_string().as_bytes()).unwrap();
        let (data, subject) = (contract.rewrite)(&envelope);
        assert_eq!(data, golden["data"], "{}", contract.kind);
        assert_eq!(Some(subject), envelope.subject, "{}", contract.kind);
        assert_eq!(serde_json::to_value(&envelope).unwrap(), golden);
    }
}
