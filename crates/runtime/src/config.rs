//! Settings come from environment variables alone, are read once, and are checked whole: every mistake is
//! told at once, by the variable's name. Values stay text until a field's type reads them, so that a password
//! made of digits stays a password. An empty variable counts as unset. Values never appear in a message.

mod text;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;

use self::text::{Fields, Mistake, Settings};

/// The prefix of the variables that every service reads.
pub const SHARED_PREFIX: &str = "TENANTRY_";

/// Variables under [`SHARED_PREFIX`] that belong to the test suite, not to a service.
const TEST_PREFIX: &str = "TEST_";

/// What a required field of any usual type accepts; used to look past a missing variable for the next one.
const STAND_INS: [&str; 5] = [
    "127.0.0.1:1",
    "1",
    "http://localhost",
    "true",
    "stand-in-of-more-than-32-characters",
];

/// Everything wrong with the settings, a line each, ready to be shown to the operator.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl ConfigError {
    pub(crate) fn new(lines: Vec<String>) -> Self {
        Self(lines)
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0
    }
}

/// The variables under one prefix, by field name (lower case, without the prefix).
#[derive(Clone)]
pub struct Variables {
    prefix: String,
    values: BTreeMap<String, String>,
}

impl Variables {
    /// Reads the process environment.
    pub fn of_process(prefix: &str) -> Self {
        Self::new(prefix, std::env::vars())
    }

    /// Takes the variables from anywhere; tests use this.
    pub fn new(prefix: &str, all: impl IntoIterator<Item = (String, String)>) -> Self {
        let values = all
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| {
                Some((name.strip_prefix(prefix)?.to_ascii_lowercase(), value))
            })
            .filter(|(field, _)| {
                prefix != SHARED_PREFIX || !field.starts_with(&TEST_PREFIX.to_ascii_lowercase())
            })
            .collect();
        Self {
            prefix: prefix.to_owned(),
            values,
        }
    }

    /// Takes out the variables that `T` declares, so that the rest can be given to another struct.
    pub(crate) fn split_for<T: DeserializeOwned>(&mut self) -> Self {
        let known = known_fields::<T>();
        let mine = |field: &String| known.contains(&field.as_str());
        let values = self.values.extract_if(.., |field, _| mine(field)).collect();
        Self {
            prefix: self.prefix.clone(),
            values,
        }
    }

    /// Reads `T`, or says everything that is wrong.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let entries = self.entries();
        match T::deserialize(&Settings::new(entries.clone())) {
            Ok(settings) => Ok(settings),
            Err(first) => Err(ConfigError(self.explain::<T>(&entries, &first))),
        }
    }

    fn entries(&self) -> Vec<(&str, &str)> {
        self.values
            .iter()
            .map(|(field, value)| (field.as_str(), value.as_str()))
            .collect()
    }

    /// serde stops at the first mistake, so each variable is put first once, and then the missing ones are found.
    fn explain<T: DeserializeOwned>(
        &self,
        entries: &[(&str, &str)],
        first: &Mistake,
    ) -> Vec<String> {
        let known = known_fields::<T>();
        let mut lines = Vec::new();
        let mut usable = Vec::new();
        for &(field, value) in entries {
            if !known.contains(&field) {
                lines.push(format!(
                    "{}: no such setting; known are {}",
                    self.variable(field),
                    self.list(known)
                ));
                continue;
            }
            match mistake_in::<T>(field, value) {
                Some(reason) => lines.push(format!("{}: {reason}", self.variable(field))),
                None => usable.push((field, value)),
            }
        }
        for field in missing_fields::<T>(&usable) {
            if !entries.iter().any(|(present, _)| *present == field) {
                lines.push(format!("{}: is not set", self.variable(field)));
            }
        }
        if lines.is_empty() {
            lines.push(format!("{}*: {first}", self.prefix));
        }
        lines
    }

    fn variable(&self, field: &str) -> String {
        format!("{}{}", self.prefix, field.to_ascii_uppercase())
    }

    fn list(&self, fields: &[&str]) -> String {
        fields
            .iter()
            .map(|field| self.variable(field))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The variables that `T` reads, each with whether it must be set; for `--help`.
pub(crate) fn describe<T: DeserializeOwned>(prefix: &str) -> Vec<(String, bool)> {
    let required = missing_fields::<T>(&[]);
    known_fields::<T>()
        .iter()
        .map(|field| {
            (
                format!("{prefix}{}", field.to_ascii_uppercase()),
                required.contains(field),
            )
        })
        .collect()
}

/// The names of the fields of `T`, as its `Deserialize` announces them.
pub(crate) fn known_fields<T: DeserializeOwned>() -> &'static [&'static str] {
    match T::deserialize(Fields) {
        Err(Mistake::Fields(fields)) => fields,
        _ => &[],
    }
}

fn mistake_in<T: DeserializeOwned>(field: &str, value: &str) -> Option<String> {
    let alone = Settings::new(vec![(field, value)]);
    match T::deserialize(&alone) {
        // Some types repeat the text that they could not read.
        Err(Mistake::Invalid(reason)) => Some(
            reason
                .replace(&format!("{value:?}"), "(value hidden)")
                .replace(value, "(value hidden)"),
        ),
        _ => None,
    }
}

/// The required fields that `usable` does not hold, found one after another by filling in stand-ins.
fn missing_fields<T: DeserializeOwned>(usable: &[(&str, &str)]) -> Vec<&'static str> {
    let mut filled: Vec<(&str, &str)> = usable.to_vec();
    let mut missing = Vec::new();
    while let Err(Mistake::Missing(field)) = T::deserialize(&Settings::new(filled.clone())) {
        missing.push(field);
        match STAND_INS
            .iter()
            .find(|value| mistake_in::<T>(field, value).is_none())
        {
            Some(value) => filled.push((field, value)),
            None => break,
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use secrecy::{ExposeSecret, SecretString};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        listen: SocketAddr,
        password: SecretString,
        base: url::Url,
        #[serde(default)]
        proxies: Vec<String>,
        #[serde(default)]
        limit: Option<u32>,
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Sample, ConfigError> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Variables::new("SAMPLE_", pairs).read()
    }

    #[test]
    fn reads_each_value_as_its_field_wants_it() {
        let sample = read(&[
            ("SAMPLE_LISTEN", "127.0.0.1:80"),
            ("SAMPLE_PASSWORD", "0123"),
            ("SAMPLE_BASE", "http://a.test"),
            ("SAMPLE_PROXIES", "10.0.0.0/8, ::1"),
            ("SAMPLE_LIMIT", "7"),
            ("OTHER_LIMIT", "ignored"),
        ])
        .unwrap();
        assert_eq!(sample.listen.port(), 80);
        assert_eq!(sample.password.expose_secret(), "0123");
        assert_eq!(sample.base.as_str(), "http://a.test/");
        assert_eq!(sample.proxies, ["10.0.0.0/8", "::1"]);
        assert_eq!(sample.limit, Some(7));
    }

    #[test]
    fn tells_every_mistake_at_once_and_no_value() {
        let error = read(&[
            ("SAMPLE_LIMIT", "s3cret"),
            ("SAMPLE_TYPO", "s3cret"),
            ("SAMPLE_BASE", "s3cret"),
        ]);
        let lines = error.unwrap_err().into_lines();
        let about = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
        assert_eq!(lines.len(), 5, "{lines:#?}");
        for name in [
            "SAMPLE_LIMIT: ",
            "SAMPLE_TYPO: ",
            "SAMPLE_BASE: ",
            "SAMPLE_LISTEN: is not",
            "SAMPLE_PASSWORD: is not",
        ] {
            assert_eq!(about(name), 1, "{name} in {lines:#?}");
        }
        assert!(!lines.concat().contains("s3cret"));
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let lines = read(&[
            ("SAMPLE_LISTEN", "127.0.0.1:80"),
            ("SAMPLE_PASSWORD", ""),
            ("SAMPLE_BASE", "http://a.test"),
        ]);
        assert_eq!(
            lines.unwrap_err().into_lines(),
            ["SAMPLE_PASSWORD: is not set"]
        );
    }

    #[test]
    fn variables_of_the_test_suite_are_not_settings() {
        let pairs = [("TENANTRY_TEST_ADMIN_URL".to_owned(), "x".to_owned())];
        assert!(Variables::new(SHARED_PREFIX, pairs).values.is_empty());
    }

    #[test]
    fn says_which_variables_are_required() {
        let required: Vec<_> = describe::<Sample>("S_")
            .into_iter()
            .filter(|(_, required)| *required)
            .collect();
        assert_eq!(required.len(), 3);
    }
}
