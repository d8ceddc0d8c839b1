//! The order of a rollout: a wave begins when the one before is through, and each is larger than the last.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::target::{Kind, Target};

/// Part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wave {
    /// The services' own databases.
    Platform,
    /// What tenants are copied from.
    Template,
    /// Tenant databases nobody has yet.
    Spares,
    /// The first tenants: the oldest, or those named.
    Canary,
    /// One in a hundred.
    OnePercent,
    /// One in ten.
    TenPercent,
    /// All others, and whatever came up during the run.
    Rest,
}

impl Wave {
    /// All, in order.
    pub const ALL: [Self; 7] = [
        Self::Platform,
        Self::Template,
        Self::Spares,
        Self::Canary,
        Self::OnePercent,
        Self::TenPercent,
        Self::Rest,
    ];

    /// As it is typed and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Template => "template",
            Self::Spares => "spares",
            Self::Canary => "canary",
            Self::OnePercent => "one-percent",
            Self::TenPercent => "ten-percent",
            Self::Rest => "rest",
        }
    }

    /// A single failure here halts the run.
    pub const fn must_succeed(self) -> bool {
        matches!(self, Self::Platform | Self::Template | Self::Canary)
    }

    /// Holds tenants in use, so that it is worth a look before the next.
    pub const fn bakes(self) -> bool {
        matches!(self, Self::Canary | Self::OnePercent | Self::TenPercent)
    }
}

/// Which tenants go first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Canary {
    /// So many of the oldest.
    Oldest(usize),
    /// These, by subdomain or id.
    Named(Vec<String>),
}

impl Default for Canary {
    fn default() -> Self {
        Self::Oldest(1)
    }
}

impl Canary {
    fn of(text: &str) -> Self {
        let name = |name: &str| name.trim().to_owned();
        match text.parse() {
            Ok(number) => Self::Oldest(number),
            Err(_no_number) => Self::Named(text.split(',').map(name).collect()),
        }
    }
}

impl FromStr for Canary {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::of(text))
    }
}

impl From<String> for Canary {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<Canary> for String {
    fn from(canary: Canary) -> Self {
        match canary {
            Canary::Oldest(number) => number.to_string(),
            Canary::Named(names) => names.join(","),
        }
    }
}

/// How many tenants may fail before a run halts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MaxFailures {
    /// So many.
    Number(usize),
    /// So many of a hundred, rounded up.
    Percent(u8),
}

/// The text is neither a number nor a percentage.
#[derive(Debug, thiserror::Error)]
#[error("must be a number, or a percentage from 0% to 100%")]
pub struct NoBudget;

impl MaxFailures {
    /// How many of `databases` may fail.
    pub fn of(self, databases: usize) -> usize {
        match self {
            Self::Number(number) => number,
            Self::Percent(percent) => (databases * usize::from(percent)).div_ceil(100),
        }
    }
}

impl Default for MaxFailures {
    fn default() -> Self {
        Self::Percent(2)
    }
}

impl FromStr for MaxFailures {
    type Err = NoBudget;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |_: std::num::ParseIntError| NoBudget;
        match text.strip_suffix('%') {
            None => Ok(Self::Number(text.parse().map_err(refused)?)),
            Some(percent) => match percent.parse().map_err(refused)? {
                percent @ 0..=100 => Ok(Self::Percent(percent)),
                _ => Err(NoBudget),
            },
        }
    }
}

impl fmt::Display for MaxFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl TryFrom<String> for MaxFailures {
    type Error = NoBudget;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MaxFailures> for String {
    fn from(budget: MaxFailures) -> Self {
        budget.to_string()
    }
}

/// Puts every target into its wave. Tenants are divided oldest first, so that the same fleet is always
/// divided the same way.
pub(super) fn divide(targets: Vec<Target>, canary: &Canary) -> Vec<(Wave, Vec<Target>)> {
    let mut waves: Vec<(Wave, Vec<Target>)> = Wave::ALL.map(|wave| (wave, Vec::new())).into();
    let mut tenants = Vec::new();
    for target in targets {
        let wave = match target.kind {
            Kind::Platform => Wave::Platform,
            Kind::Template => Wave::Template,
            Kind::Spare => Wave::Spares,
            Kind::Tenant => {
                tenants.push(target);
                continue;
            }
        };
        put(&mut waves, wave, target);
    }
    let all = tenants.len();
    let mut later = 0;
    for (index, tenant) in tenants.into_iter().enumerate() {
        let first = match canary {
            Canary::Oldest(number) => index < *number,
            Canary::Named(names) => names.iter().any(|name| tenant.is_called(name)),
        };
        let wave = match later {
            _ if first => Wave::Canary,
            after if after < all.div_ceil(100) => Wave::OnePercent,
            after if after < all.div_ceil(100) + all.div_ceil(10) => Wave::TenPercent,
            _ => Wave::Rest,
        };
        later += usize::from(!first);
        put(&mut waves, wave, tenant);
    }
    waves
}

fn put(waves: &mut [(Wave, Vec<Target>)], wave: Wave, target: Target) {
    let own = waves.iter_mut().find(|(own, _)| *own == wave);
    if let Some((_, members)) = own {
        members.push(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::TENANT;

    fn sizes(tenants: usize, canary: &Canary) -> Vec<usize> {
        let tenant = |number: usize| Target {
            kind: Kind::Tenant,
            cluster: "local".to_owned(),
            address: format!("postgres://a@b/tenant_{number}").parse().unwrap(),
            schema: TENANT,
            tenant: None,
        };
        let waves = divide((0..tenants).map(tenant).collect(), canary);
        waves
            .iter()
            .skip(3)
            .map(|(_, members)| members.len())
            .collect()
    }

    #[test]
    fn waves_grow() {
        assert_eq!(sizes(1000, &Canary::Oldest(5)), [5, 10, 100, 885]);
        assert_eq!(sizes(1000, &Canary::Oldest(0)), [0, 10, 100, 890]);
        assert_eq!(sizes(20, &Canary::default()), [1, 1, 2, 16]);
        assert_eq!(sizes(1, &Canary::default()), [1, 0, 0, 0]);
        assert_eq!(sizes(0, &Canary::default()), [0, 0, 0, 0]);
        let named: Canary = "tenant_7, tenant_9".parse().unwrap();
        assert_eq!(sizes(20, &named), [2, 1, 2, 15]);
    }

    #[test]
    fn budget_is_a_number_or_a_share() {
        for (text, of_a_thousand) in [("0", 0), ("7", 7), ("2%", 20), ("0%", 0), ("100%", 1000)] {
            let budget: MaxFailures = text.parse().unwrap();
            assert_eq!(budget.of(1000), of_a_thousand, "{text}");
            assert_eq!(budget.to_string(), text);
        }
        assert_eq!(MaxFailures::Percent(2).of(20), 1);
        for text in ["", "%", "101%", "-1", "two"] {
            assert!(text.parse::<MaxFailures>().is_err(), "{text}");
        }
    }
}
