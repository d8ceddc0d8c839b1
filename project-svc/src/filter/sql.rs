//! A filter as a condition on the rows of `tasks`, joined with `projects`. Every value is a bound parameter.

use kernel::TaskKey;
use sea_orm::Value;
use sea_orm::sea_query::{ArrayType, Expr as Sql, SimpleExpr};

use super::Asked;
use super::custom::CustomField;
use super::syntax::{Refused, Word};
use super::test::{Day, Expr, Part, Span, State, Test, Time, Who};

/// Status of tasks that nobody needs to think of any more.
const CLOSED: &str = "('done', 'cancelled')";

/// What is needed to write a condition.
pub(super) struct Writer<'a> {
    asked: Asked,
    /// Fields of the projects that the person sees, with the keys the filter names.
    fields: &'a [CustomField],
    values: Vec<Value>,
}

/// The condition of a filter.
pub(super) fn condition(
    expr: &Expr,
    asked: Asked,
    fields: &[CustomField],
) -> Result<SimpleExpr, Refused> {
    let (sql, values) = write(expr, asked, fields, Vec::new())?;
    Ok(Sql::cust_with_values(sql, values))
}

/// The same as text, its values after those that are there already.
pub(super) fn write(
    expr: &Expr,
    asked: Asked,
    fields: &[CustomField],
    values: Vec<Value>,
) -> Result<(String, Vec<Value>), Refused> {
    let mut writer = Writer {
        asked,
        fields,
        values,
    };
    let sql = writer.expr(expr)?;
    Ok((sql, writer.values))
}

impl Writer<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<String, Refused> {
        Ok(match expr {
            Expr::All(parts) => self.joined(parts, " and ")?,
            Expr::Any(parts) => self.joined(parts, " or ")?,
            // What is not known, as the order of a task without a date, does not hold: so its opposite does.
            Expr::Not(part) => format!("({}) is not true", self.expr(part)?),
            Expr::Holds(test) => self.test(test)?,
        })
    }

    fn joined(&mut self, parts: &[Expr], between: &str) -> Result<String, Refused> {
        let parts: Result<Vec<String>, Refused> =
            parts.iter().map(|part| self.expr(part)).collect();
        Ok(format!("({})", parts?.join(between)))
    }

    fn test(&mut self, test: &Test) -> Result<String, Refused> {
        Ok(match test {
            Test::People(part, people) => self.people(*part, people),
            Test::Status(all) => {
                let all = self.texts(all.iter().map(ToString::to_string));
                format!("tasks.status = any({all})")
            }
            Test::Priority(all) => {
                let all = self.texts(all.iter().map(ToString::to_string));
                format!("tasks.priority = any({all})")
            }
            Test::Day(day, spans) => self.spans(day.column(), spans),
            Test::Time(time, spans) => self.spans(time.column(), spans),
            Test::Unset(column) => format!("tasks.{column} is null"),
            Test::Label(None) => {
                "not exists (select from task_labels l where l.task_id = tasks.id)".to_owned()
            }
            Test::Label(Some(names)) => {
                let names = self.texts(names.iter().cloned());
                format!(
                    "tasks.id in (select tl.task_id from labels l join task_labels tl on tl.label_id = l.id \
                     where lower(l.name) = any({names}))"
                )
            }
            Test::Column(names) => {
                let names = self.texts(names.iter().cloned());
                format!("tasks.column_id in (select c.id from columns c where lower(c.name) = any({names}))")
            }
            Test::Project(names) => {
                let names = self.texts(names.iter().cloned());
                format!("(lower(projects.key) = any({names}) or projects.id::text = any({names}))")
            }
            Test::Key(keys) => self.keys(keys, |project, number| {
                format!("projects.key = {project} and tasks.number = {number}")
            }),
            Test::Parent(None) => "tasks.parent_id is null".to_owned(),
            Test::Parent(Some(keys)) => self.keys(keys, |project, number| {
                format!(
                    "tasks.parent_id in (select up.id from tasks up join projects pp on pp.id = up.project_id \
                     where pp.key = {project} and up.number = {number})"
                )
            }),
            Test::State(state) => self.state(*state),
            Test::Custom(custom) => super::custom::condition(self, custom)?,
            Test::Text(word) => self.text(word),
        })
    }

    fn people(&mut self, part: Part, people: &[Who]) -> String {
        let (mut ids, mut names, mut nobody) = (Vec::new(), Vec::new(), false);
        for who in people {
            match who {
                Who::Is(id) => ids.push(id.uuid()),
                Who::Named(name) => names.push(name.clone()),
                Who::Nobody => nobody = true,
            }
        }
        let (table, column) = match part {
            Part::Assignee => ("task_assignees", "a.user_id"),
            Part::Watcher => ("task_watchers", "a.user_id"),
            Part::Creator => ("", "tasks.created_by"),
        };
        let mut ways = Vec::new();
        if !ids.is_empty() {
            ways.push(format!("{column} = any({})", self.bind(ids)));
        }
        if !names.is_empty() {
            let names = self.texts(names);
            ways.push(format!(
                "{column} in (select pe.id from people pe where lower(pe.name) = any({names}))"
            ));
        }
        if part == Part::Creator {
            return format!("({})", ways.join(" or "));
        }
        for way in &mut ways {
            *way = format!("tasks.id in (select a.task_id from {table} a where {way})");
        }
        if nobody {
            ways.push(format!(
                "not exists (select from {table} a where a.task_id = tasks.id)"
            ));
        }
        format!("({})", ways.join(" or "))
    }

    fn spans<T: Copy + Into<Value>>(&mut self, column: &str, spans: &[Span<T>]) -> String {
        let mut ways = Vec::new();
        for span in spans {
            let from = span
                .from
                .map(|from| format!("{column} >= {}", self.bind(from)));
            let before = span
                .before
                .map(|before| format!("{column} < {}", self.bind(before)));
            let ends: Vec<String> = from.into_iter().chain(before).collect();
            ways.push(ends.join(" and "));
        }
        format!("({})", ways.join(" or "))
    }

    fn keys(&mut self, keys: &[TaskKey], one: impl Fn(String, String) -> String) -> String {
        let mut ways = Vec::new();
        for key in keys {
            let (project, number) = (self.bind(key.project.as_str()), self.bind(key.number));
            ways.push(one(project, number));
        }
        format!("({})", ways.join(" or "))
    }

    fn state(&mut self, state: State) -> String {
        match state {
            State::Open => format!("tasks.status not in {CLOSED}"),
            State::Closed => format!("tasks.status in {CLOSED}"),
            State::Overdue => {
                let today = self.bind(self.asked.today());
                format!("(tasks.due_date < {today} and tasks.status not in {CLOSED})")
            }
            State::Assigned => format!("not {}", self.people(Part::Assignee, &[Who::Nobody])),
            State::Unassigned => self.people(Part::Assignee, &[Who::Nobody]),
            State::Archived => "tasks.archived_at is not null".to_owned(),
            State::Watched => self.people(Part::Watcher, &[Who::Is(self.asked.by)]),
            State::Blocked => format!(
                "exists (select from task_dependencies d join tasks o on o.id = d.other_id \
                 where d.task_id = tasks.id and d.kind = 'finish_to_start' \
                 and o.deleted_at is null and o.status not in {CLOSED})"
            ),
        }
    }

    /// Words are looked for as beginnings, phrases as they are.
    fn text(&mut self, word: &Word) -> String {
        let (text, prefix) = (self.bind(word.text.clone()), !word.quoted);
        // As a value, for which what is found is read once by the index of words. As a join, a word that the server
        // takes for frequent is asked of one task after the other.
        format!(
            "(tasks.id in (select sd.thing_id from search_documents sd \
             where sd.kind = 'task' and sd.words @@ search_query({text}, {prefix}))) is true"
        )
    }

    pub(super) fn fields(&self) -> &[CustomField] {
        self.fields
    }

    pub(super) fn asked(&self) -> Asked {
        self.asked
    }

    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn texts(&mut self, texts: impl IntoIterator<Item = String>) -> String {
        let texts: Vec<Value> = texts.into_iter().map(Value::from).collect();
        self.bind(Value::Array(ArrayType::String, Some(Box::new(texts))))
    }
}

impl Day {
    const fn column(self) -> &'static str {
        match self {
            Self::Due => "tasks.due_date",
            Self::Start => "tasks.start_date",
        }
    }
}

impl Time {
    const fn column(self) -> &'static str {
        match self {
            Self::Created => "tasks.created_at",
            Self::Updated => "tasks.updated_at",
            Self::Completed => "tasks.completed_at",
        }
    }
}
