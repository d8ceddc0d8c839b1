//! Rules of custom fields: what a definition may be, and which values it takes.

use chrono::{Datelike, NaiveDate};
use garde::Validate;
use httpkit::FieldError;
use httpkit::text::line;
use kernel::UserId;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use strum::{AsRefStr, Display, EnumString};
use url::Url;
use utoipa::ToSchema;

use crate::rules::YEARS;

/// Choices of one field.
pub(crate) const MOST_CHOICES: usize = 100;
/// A text, in characters.
const TEXT_CHARS: usize = 2_000;
/// An address, in bytes.
const URL_BYTES: usize = 2_000;
/// Beyond this a double cannot tell whole numbers apart.
const HIGHEST_NUMBER: f64 = 9_007_199_254_740_992.0;
/// Digits of an amount before and after the point.
const AMOUNT_DIGITS: (usize, usize) = (15, 4);

/// What a field holds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    AsRefStr,
    Display,
    EnumString,
    sea_orm::DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(crate) enum FieldKind {
    /// Up to 2,000 characters.
    Text,
    /// A JSON number.
    Number,
    /// `2026-03-02`.
    Date,
    /// True or false.
    Bool,
    /// One of the field's options.
    Select,
    /// Some of the field's options.
    MultiSelect,
    /// The id of a member.
    User,
    /// An `http` or `https` address.
    Url,
    /// An amount as a string, `12.50`, in the field's currency.
    Currency,
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct Choice {
    /// How requests and filters name it: letters, digits, `_` and `-`. Tasks keep it.
    #[garde(length(max = 40), pattern("^[a-z0-9][a-z0-9_-]*$"))]
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]*$", max_length = 40, example = "high")]
    pub(crate) value: String,
    /// How screens show it.
    #[garde(length(chars, min = 1, max = 60), custom(line))]
    #[schema(max_length = 60, example = "High")]
    pub(crate) name: String,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub(crate) color: Option<String>,
}

/// What is wrong with a definition: options are for those that choose, a currency for amounts.
pub(crate) fn check_definition(
    kind: FieldKind,
    options: &[Choice],
    currency: Option<&str>,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let chooses = matches!(kind, FieldKind::Select | FieldKind::MultiSelect);
    if chooses && options.is_empty() {
        errors.push(FieldError::new(
            "/options",
            "missing",
            "is needed to choose from",
        ));
    }
    if !chooses && !options.is_empty() {
        errors.push(FieldError::invalid("/options", "is for fields that choose"));
    }
    for (place, choice) in options.iter().enumerate() {
        let before = options.iter().take(place);
        if before.into_iter().any(|other| other.value == choice.value) {
            let at = format!("/options/{place}/value");
            errors.push(FieldError::new(at, "duplicate", "is there already"));
        }
    }
    match (kind, currency) {
        (FieldKind::Currency, None) => errors.push(FieldError::new(
            "/currency",
            "missing",
            "is needed for amounts",
        )),
        (FieldKind::Currency, Some(_)) | (_, None) => {}
        (_, Some(_)) => errors.push(FieldError::invalid("/currency", "is for amounts")),
    }
    errors
}

/// The value as it is kept, or what is wrong with it. Whether a person is a member is for the caller to see.
pub(crate) fn check_value(
    kind: FieldKind,
    options: &[Choice],
    value: &Value,
) -> Result<Value, &'static str> {
    match (kind, value) {
        (FieldKind::Text, Value::String(text)) => check_text(text),
        (FieldKind::Number, Value::Number(number)) => check_number(number),
        (FieldKind::Date, Value::String(text)) => check_date(text),
        (FieldKind::Bool, Value::Bool(_)) => Ok(value.clone()),
        (FieldKind::Select, Value::String(text)) => check_choice(options, text).map(Value::from),
        (FieldKind::MultiSelect, Value::Array(items)) => check_choices(options, items),
        (FieldKind::User, Value::String(text)) => match text.parse::<UserId>() {
            Ok(id) => Ok(Value::from(id.to_string())),
            Err(_) => Err("must be the id of a person"),
        },
        (FieldKind::Url, Value::String(text)) => check_url(text),
        (FieldKind::Currency, Value::String(text)) => check_amount(text),
        (FieldKind::Text, _) => Err("must be a text"),
        (FieldKind::Number, _) => Err("must be a number"),
        (FieldKind::Date, _) => Err("must be a date like 2026-03-02"),
        (FieldKind::Bool, _) => Err("must be true or false"),
        (FieldKind::Select, _) => Err("must be one of the field's options"),
        (FieldKind::MultiSelect, _) => Err("must be a list of the field's options"),
        (FieldKind::User, _) => Err("must be the id of a person"),
        (FieldKind::Url, _) => Err("must be an http or https address"),
        (FieldKind::Currency, _) => Err("must be an amount as a string, like \"12.50\""),
    }
}

fn check_text(text: &str) -> Result<Value, &'static str> {
    if text.trim().is_empty() {
        return Err("must not be blank; null takes the value away");
    }
    if text.chars().count() > TEXT_CHARS {
        return Err("must have at most 2000 characters");
    }
    Ok(Value::from(text))
}

fn check_number(number: &Number) -> Result<Value, &'static str> {
    match number.as_f64() {
        Some(size) if size.is_finite() && size.abs() <= HIGHEST_NUMBER => {
            Ok(Value::Number(number.clone()))
        }
        Some(_) | None => Err("must lie within 2^53 of zero"),
    }
}

fn check_date(text: &str) -> Result<Value, &'static str> {
    match text.parse::<NaiveDate>() {
        Ok(date) if YEARS.contains(&date.year()) => Ok(Value::from(date.to_string())),
        Ok(_) => Err("must lie in the years 1970 to 2999"),
        Err(_) => Err("must be a date like 2026-03-02"),
    }
}

fn check_choice<'a>(options: &[Choice], text: &'a str) -> Result<&'a str, &'static str> {
    if options.iter().any(|choice| choice.value == text) {
        Ok(text)
    } else {
        Err("must be one of the field's options")
    }
}

/// In the order of the options, each once: equal choices are equal values.
fn check_choices(options: &[Choice], items: &[Value]) -> Result<Value, &'static str> {
    for item in items {
        let text = item.as_str().unwrap_or_default();
        check_choice(options, text)?;
    }
    if items.is_empty() {
        return Err("must not be empty; null takes the value away");
    }
    let chosen = options
        .iter()
        .filter(|choice| items.iter().any(|item| item == choice.value.as_str()));
    Ok(chosen
        .map(|choice| Value::from(choice.value.as_str()))
        .collect())
}

fn check_url(text: &str) -> Result<Value, &'static str> {
    let wrong = "must be an http or https address";
    if text.len() > URL_BYTES {
        return Err("must have at most 2000 bytes");
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(Value::from(text))
        }
        Ok(_) | Err(_) => Err(wrong),
    }
}

fn check_amount(text: &str) -> Result<Value, &'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if plain(whole, AMOUNT_DIGITS.0) && plain(part, AMOUNT_DIGITS.1) {
        Ok(Value::from(text))
    } else {
        Err("must be an amount as a string, like \"12.50\"")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn choices() -> Vec<Choice> {
        let choice = |value: &str| Choice {
            value: value.to_owned(),
            name: value.to_uppercase(),
            color: None,
        };
        vec![choice("low"), choice("high")]
    }

    #[test]
    fn values_fit_their_kind() {
        use FieldKind as K;
        let good = [
            (K::Text, json!("日本語 🚀")),
            (K::Text, json!("x".repeat(2_000))),
            (K::Number, json!(-1.5)),
            (K::Number, json!(9_007_199_254_740_992_i64)),
            (K::Date, json!("2026-02-28")),
            (K::Bool, json!(false)),
            (K::Select, json!("low")),
            (K::MultiSelect, json!(["low", "high"])),
            (K::User, json!("0192aaaa-0000-7000-8000-000000000001")),
            (K::Url, json!("https://example.com/a?b=c")),
            (K::Currency, json!("-12.5000")),
            (K::Currency, json!("0")),
        ];
        for (kind, value) in good {
            assert_eq!(
                check_value(kind, &choices(), &value),
                Ok(value.clone()),
                "{kind}"
            );
        }
        let bad = [
            (K::Text, json!("  ")),
            (K::Text, json!("x".repeat(2_001))),
            (K::Text, json!(1)),
            (K::Number, json!("1")),
            (K::Number, json!(9_007_199_254_740_994_i64)),
            (K::Date, json!("2026-02-30")),
            (K::Date, json!("1969-12-31")),
            (K::Bool, json!("true")),
            (K::Select, json!("middle")),
            (K::Select, json!(["low"])),
            (K::MultiSelect, json!([])),
            (K::MultiSelect, json!(["low", 1])),
            (K::User, json!("me")),
            (K::Url, json!("javascript:alert(1)")),
            (K::Url, json!("example.com")),
            (K::Currency, json!(12.5)),
            (K::Currency, json!("1e5")),
            (K::Currency, json!(".5")),
            (K::Currency, json!("1.")),
            (K::Currency, json!("1.23456")),
        ];
        for (kind, value) in bad {
            assert!(
                check_value(kind, &choices(), &value).is_err(),
                "{kind} {value}"
            );
        }
    }

    #[test]
    fn equal_choices_are_equal_values() {
        let twice = json!(["high", "low", "high"]);
        let kept = check_value(FieldKind::MultiSelect, &choices(), &twice);
        assert_eq!(kept, Ok(json!(["low", "high"])));
    }

    #[test]
    fn definitions_have_what_their_kind_needs_and_nothing_else() {
        use FieldKind as K;
        let pointers = |kind, options: &[Choice], currency| -> Vec<String> {
            let errors = check_definition(kind, options, currency);
            errors.into_iter().map(|error| error.pointer).collect()
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(pointers(K::Select, &choices(), None), none);
        assert_eq!(pointers(K::Currency, &[], Some("EUR")), none);
        assert_eq!(pointers(K::Select, &[], None), ["/options"]);
        assert_eq!(
            pointers(K::Text, &choices(), Some("EUR")),
            ["/options", "/currency"]
        );
        assert_eq!(pointers(K::Currency, &[], None), ["/currency"]);
        let twice = [choices(), choices()].concat();
        assert_eq!(
            pointers(K::Select, &twice, None),
            ["/options/2/value", "/options/3/value"]
        );
    }
}
