//! From what is written to what it means: each field must exist and its values must fit it.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use events::topic::task::{TaskPriority, TaskStatus};
use kernel::{TaskKey, TimeZone, UserId};
use strum::VariantArray;

use super::dates;
use super::sort::Sort;
use super::syntax::{Comparison, Node, Refused, Term, Word};
use super::test::{Custom, Day, Expr, Part, State, Test, Time, Who};
use crate::tenant::Tenant;

/// Parts of one filter, and values of one field; more are a program's, which can ask twice.
const MAX_TERMS: usize = 50;
const MAX_VALUES: usize = 50;

const FIELDS: &str = "assignee, watcher, creator, status, priority, due, start, created, updated, \
    completed, label, column, key, project, is, parent, sort and field.<key>";

/// Who asks, when, and where days begin for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) by: UserId,
    pub(crate) at: DateTime<Utc>,
    pub(crate) zone: Tz,
}

impl Asked {
    /// By the acting person, now: in the time zone of the request, else in the person's own, else in UTC.
    pub(crate) fn now(tenant: &Tenant, zone: Option<TimeZone>) -> Self {
        let own = tenant.member.timezone.as_deref();
        let own = own.and_then(|name| name.parse().ok());
        Self {
            by: tenant.user(),
            at: tenant.now(),
            zone: zone.map_or_else(|| own.unwrap_or(Tz::UTC), |TimeZone(zone)| zone),
        }
    }

    /// The day it is there.
    pub(crate) fn today(self) -> NaiveDate {
        self.local().date_naive()
    }

    /// The first moment of a day there.
    pub(crate) fn begin(self, day: NaiveDate) -> Option<DateTime<Utc>> {
        TimeZone(self.zone).begin(day)
    }

    /// The moment as clocks show it there.
    pub(super) fn local(self) -> DateTime<Tz> {
        self.at.with_timezone(&self.zone)
    }
}

/// The meaning, and the order asked for by `sort:` on the outermost level.
pub(super) fn check(node: Node, asked: Asked) -> Result<(Option<Expr>, Option<Sort>), Refused> {
    let mut checker = Checker { asked, terms: 0 };
    let (mut sort, mut parts) = (None, Vec::new());
    let outermost = match node {
        Node::And(parts) => parts,
        other => vec![other],
    };
    for node in outermost {
        match node {
            Node::Term(term) if term.field.text == "sort" => {
                if sort.is_some() {
                    return Err(Refused::new(term.field.at, "`sort:` stands here twice"));
                }
                let keys = Sort::read(equal(&term)?)?;
                sort = Some(keys);
            }
            node => parts.push(checker.expr(node)?),
        }
    }
    let expr = match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(Expr::All(parts)),
    };
    Ok((expr, sort))
}

struct Checker {
    asked: Asked,
    terms: usize,
}

impl Checker {
    fn expr(&mut self, node: Node) -> Result<Expr, Refused> {
        Ok(match node {
            Node::And(parts) => Expr::All(self.all(parts)?),
            Node::Or(parts) => Expr::Any(self.all(parts)?),
            Node::Not(part) => Expr::Not(Box::new(self.expr(*part)?)),
            Node::Term(term) => {
                self.count(term.field.at)?;
                Expr::Holds(test(&term, self.asked)?)
            }
            Node::Text(word) => {
                self.count(word.at)?;
                Expr::Holds(Test::Text(word))
            }
        })
    }

    fn all(&mut self, parts: Vec<Node>) -> Result<Vec<Expr>, Refused> {
        parts.into_iter().map(|part| self.expr(part)).collect()
    }

    fn count(&mut self, at: usize) -> Result<(), Refused> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(Refused::new(
                at,
                format!("a filter has at most {MAX_TERMS} parts"),
            ));
        }
        Ok(())
    }
}

fn test(term: &Term, asked: Asked) -> Result<Test, Refused> {
    if let Some(word) = term.values.get(MAX_VALUES) {
        let why = format!("a field is compared with at most {MAX_VALUES} values");
        return Err(Refused::new(word.at, why));
    }
    let field = &term.field;
    match field.text.as_str() {
        "assignee" => people(Part::Assignee, term, asked),
        "watcher" => people(Part::Watcher, term, asked),
        "creator" | "author" => people(Part::Creator, term, asked),
        "status" => choices::<TaskStatus>(equal(term)?).map(Test::Status),
        "priority" => priorities(term).map(Test::Priority),
        "due" => day(Day::Due, "due_date", term, asked),
        "start" => day(Day::Start, "start_date", term, asked),
        "created" => moment(Time::Created, "", term, asked),
        "updated" => moment(Time::Updated, "", term, asked),
        "completed" | "done" => moment(Time::Completed, "completed_at", term, asked),
        "label" => Ok(Test::Label(names_or_none(term)?)),
        "column" => Ok(Test::Column(names(equal(term)?))),
        "key" => keys(equal(term)?).map(Test::Key),
        "project" => Ok(Test::Project(names(equal(term)?))),
        "is" => state(term),
        "parent" if is_none(equal(term)?) => Ok(Test::Parent(None)),
        "parent" => keys(equal(term)?).map(|keys| Test::Parent(Some(keys))),
        "sort" => {
            let why = "`sort:` belongs to the whole filter, not into brackets or behind a minus";
            Err(Refused::new(field.at, why))
        }
        name => custom(name, term),
    }
}

fn custom(name: &str, term: &Term) -> Result<Test, Refused> {
    let field = &term.field;
    let Some(key) = name.strip_prefix("field.").filter(|key| !key.is_empty()) else {
        let why = format!(
            "there is no field `{name}`; put it into quotes to look for the text, or use one of {FIELDS}"
        );
        return Err(Refused::new(field.at, why));
    };
    let key = Word {
        text: key.to_owned(),
        ..field.clone()
    };
    let several = term.comparison != Comparison::Equal && term.values.len() > 1;
    if several {
        return Err(one_only(term));
    }
    Ok(Test::Custom(Custom {
        key,
        comparison: term.comparison,
        values: term.values.clone(),
    }))
}

/// The values, where only being one of them makes sense.
fn equal(term: &Term) -> Result<&[Word], Refused> {
    if term.comparison == Comparison::Equal {
        return Ok(&term.values);
    }
    let name = &term.field.text;
    Err(Refused::new(
        term.field.at,
        format!("`{name}` is not compared by less and more"),
    ))
}

fn one_only(term: &Term) -> Refused {
    Refused::new(term.field.at, "less and more compare with one value")
}

fn is_none(words: &[Word]) -> bool {
    matches!(words, [word] if word.text == "none" && !word.quoted)
}

fn people(part: Part, term: &Term, asked: Asked) -> Result<Test, Refused> {
    let who = |word: &Word| match word.text.as_str() {
        "me" if !word.quoted => Ok(Who::Is(asked.by)),
        "none" if !word.quoted && part != Part::Creator => Ok(Who::Nobody),
        text => Ok(text
            .parse()
            .map_or_else(|_| Who::Named(lower(text)), Who::Is)),
    };
    let people: Result<Vec<Who>, Refused> = equal(term)?.iter().map(who).collect();
    people.map(|people| Test::People(part, people))
}

fn choices<T: FromStr + VariantArray + Display>(words: &[Word]) -> Result<Vec<T>, Refused> {
    words.iter().map(choice).collect()
}

fn choice<T: FromStr + VariantArray + Display>(word: &Word) -> Result<T, Refused> {
    let wrong = |_| {
        let known: Vec<String> = T::VARIANTS.iter().map(ToString::to_string).collect();
        Refused::new(
            word.at,
            format!("one of {} is expected here", known.join(", ")),
        )
    };
    word.text.to_ascii_lowercase().parse().map_err(wrong)
}

fn priorities(term: &Term) -> Result<Vec<TaskPriority>, Refused> {
    if term.comparison == Comparison::Equal {
        return choices(&term.values);
    }
    let [word] = term.values.as_slice() else {
        return Err(one_only(term));
    };
    let than: TaskPriority = choice(word)?;
    let fits = |priority: &TaskPriority| match term.comparison {
        Comparison::Equal => *priority == than,
        Comparison::Less => *priority < than,
        Comparison::AtMost => *priority <= than,
        Comparison::More => *priority > than,
        Comparison::AtLeast => *priority >= than,
    };
    let all = TaskPriority::VARIANTS.iter();
    Ok(all.copied().filter(fits).collect())
}

fn day(field: Day, column: &'static str, term: &Term, asked: Asked) -> Result<Test, Refused> {
    if is_none(&term.values) {
        return equal(term).map(|_| Test::Unset(column));
    }
    let spans = compared(term)?.iter();
    let spans: Result<_, _> = spans
        .map(|word| dates::days(term.comparison, word, asked))
        .collect();
    Ok(Test::Day(field, spans?))
}

fn moment(field: Time, column: &'static str, term: &Term, asked: Asked) -> Result<Test, Refused> {
    if !column.is_empty() && is_none(&term.values) {
        return equal(term).map(|_| Test::Unset(column));
    }
    let spans = compared(term)?.iter();
    let spans: Result<_, _> = spans
        .map(|word| dates::moments(term.comparison, word, asked))
        .collect();
    Ok(Test::Time(field, spans?))
}

/// The values, of which less and more take one.
fn compared(term: &Term) -> Result<&[Word], Refused> {
    match (term.comparison, term.values.as_slice()) {
        (Comparison::Equal, words) | (_, words @ [_]) => Ok(words),
        _ => Err(one_only(term)),
    }
}

fn names(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| lower(&word.text)).collect()
}

fn names_or_none(term: &Term) -> Result<Option<Vec<String>>, Refused> {
    let words = equal(term)?;
    Ok((!is_none(words)).then(|| names(words)))
}

fn lower(text: &str) -> String {
    text.trim().to_lowercase()
}

fn keys(words: &[Word]) -> Result<Vec<TaskKey>, Refused> {
    let key = |word: &Word| {
        let wrong = |_| Refused::new(word.at, "the key of a task is expected here, like APO-12");
        word.text.to_ascii_uppercase().parse().map_err(wrong)
    };
    words.iter().map(key).collect()
}

fn state(term: &Term) -> Result<Test, Refused> {
    match equal(term)? {
        [word] => choice::<State>(word).map(Test::State),
        _ => Err(Refused::new(
            term.field.at,
            "`is:` takes one value; write it several times",
        )),
    }
}
