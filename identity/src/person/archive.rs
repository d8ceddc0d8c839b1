//! The archive of an export: a ZIP file with a JSON file for each kind of thing that is kept, and the picture.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::job::JobError;

/// More than anybody writes; a job must not fill the memory of the process.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// Lists of things by the name of their file, growing while services answer.
#[derive(Debug, Default)]
pub(super) struct Archive {
    files: BTreeMap<String, Vec<u8>>,
    /// Files that are as they are.
    attached: BTreeMap<String, Vec<u8>>,
    counts: BTreeMap<String, usize>,
    bytes: usize,
}

impl Archive {
    /// Puts a thing into a file.
    pub(super) fn add(&mut self, file: &str, thing: &Value) -> Result<(), JobError> {
        let text = serde_json::to_vec_pretty(thing)?;
        self.take(text.len())?;
        let lines = self.files.entry(file.to_owned()).or_default();
        lines.extend_from_slice(if lines.is_empty() { b"[\n" } else { b",\n" });
        lines.extend_from_slice(&text);
        *self.counts.entry(file.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Puts a file in as it is.
    pub(super) fn attach(&mut self, file: &str, content: Vec<u8>) -> Result<(), JobError> {
        self.take(content.len())?;
        self.counts.insert(file.to_owned(), 1);
        self.attached.insert(file.to_owned(), content);
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Result<(), JobError> {
        self.bytes += bytes;
        if self.bytes > MAX_BYTES {
            return Err(JobError::TooLarge(MAX_BYTES));
        }
        Ok(())
    }

    /// How many things each file holds.
    pub(super) fn counts(&self) -> &BTreeMap<String, usize> {
        &self.counts
    }

    /// The file as bytes. Takes its time: not for the threads that serve requests.
    pub(super) fn zip(self, index: &Value) -> Result<Vec<u8>, JobError> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        writer.start_file("index.json", options)?;
        writer.write_all(&serde_json::to_vec_pretty(index)?)?;
        for (name, lines) in self.files {
            writer.start_file(name, options)?;
            writer.write_all(&lines)?;
            writer.write_all(b"\n]\n")?;
        }
        for (name, content) in self.attached {
            writer.start_file(name, options)?;
            writer.write_all(&content)?;
        }
        Ok(writer.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_file_is_a_list_that_reads_back() {
        let mut archive = Archive::default();
        for n in 0..3 {
            archive
                .add("identity/users.json", &json!({"n": n}))
                .unwrap();
        }
        let bytes = archive.zip(&json!({"person": "x"})).unwrap();
        let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        let mut file = read.by_name("identity/users.json").unwrap();
        file.read_to_string(&mut text).unwrap();
        let list: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(list, [json!({"n": 0}), json!({"n": 1}), json!({"n": 2})]);
    }
}
