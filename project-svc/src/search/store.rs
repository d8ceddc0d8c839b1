//! The statement of search. What is found is cut to the newest thousand before it is ranked, so that a word that
//! stands everywhere costs no more than any other.

use httpkit::Member;
use kernel::{ProjectId, TaskId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::model::Question;
use super::view::Kind;
use crate::access::visible;
use crate::filter::{self, CustomField, Filter, Refused};
use crate::tenant::Tenant;

/// Things that are ranked; UUIDv7 ids make the highest the newest.
const MOST_FOUND: u32 = 1_000;

/// What is looked for.
pub(super) struct Wanted<'a> {
    pub(super) question: &'a Question,
    pub(super) text: &'a str,
    pub(super) kinds: Vec<Kind>,
    pub(super) project: Option<ProjectId>,
    pub(super) filter: &'a Filter,
    /// Whether titles that come near are looked for.
    pub(super) similar: bool,
    pub(super) after: Option<(i32, Uuid)>,
    pub(super) limit: u64,
}

impl Wanted<'_> {
    /// Whether looking for what comes near makes sense: three letters at least, and nothing in quotes.
    pub(super) fn may_be_mistyped(&self) -> bool {
        let letters = self.text.chars().filter(|c| c.is_alphanumeric()).count();
        letters >= 3 && !self.question.terms.iter().any(|term| term.phrase)
    }
}

/// Something found, before its words are marked.
#[derive(FromQueryResult)]
pub(super) struct FoundRow {
    pub(super) thing_id: Uuid,
    pub(super) kind: Kind,
    pub(super) project_id: ProjectId,
    pub(super) task_id: Option<TaskId>,
    pub(super) score: i32,
    project_key: String,
    number: Option<i32>,
    pub(super) title: String,
    pub(super) excerpt: String,
}

impl FoundRow {
    /// How people name the task or the project.
    pub(super) fn key(&self) -> String {
        match self.number {
            Some(number) => format!("{}-{number}", self.project_key),
            None => self.project_key.clone(),
        }
    }
}

/// The projects' own fields that the filter names.
pub(super) async fn fields(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    wanted: &Wanted<'_>,
) -> Result<Vec<CustomField>, DbErr> {
    filter::fields(db, tenant, wanted.project, wanted.filter).await
}

pub(super) async fn found(
    db: &impl ConnectionTrait,
    statement: Statement,
) -> Result<Vec<FoundRow>, DbErr> {
    FoundRow::find_by_statement(statement).all(db).await
}

/// One page of what is found.
pub(super) fn statement(
    member: &Member,
    wanted: &Wanted<'_>,
    fields: &[CustomField],
) -> Result<Statement, Refused> {
    let mut values = Values(vec![member.user.into()]);
    let query = words(&mut values, wanted);
    let projects = projects(&mut values, member, wanted);
    let (source, score) = if wanted.similar {
        let text = values.bind(wanted.text);
        let source = format!(
            "search_similar({text}, array({projects})) s join search_documents d on d.thing_id = s.thing_id where true"
        );
        (source, "s.score")
    } else {
        let named = named(&mut values, wanted);
        let source = format!(
            "search_documents d where (d.words @@ ({query}) {named}) and d.project_id in ({projects})"
        );
        (source, "0")
    };
    let among = among(&mut values, wanted, fields)?;
    let rank = rank(&mut values, wanted, &query);
    let after = match wanted.after {
        Some((score, id)) => {
            let (score, id) = (values.bind(score), values.bind(id));
            format!("where (score, thing_id) < ({score}, {id})")
        }
        None => String::new(),
    };
    let words = values.bind(wanted.question.words());
    let limit = wanted.limit;
    let sql = format!(
        "with found as materialized (
             select d.thing_id, d.kind, d.project_id, d.task_id, d.words, {score} as near from {source} {among}
             order by d.thing_id desc limit {MOST_FOUND}
         ), ranked as (
             select thing_id, kind, project_id, task_id, ({rank} * 1000000)::integer as score from found f
             where f.task_id is null or (select t.deleted_at is null from tasks t where t.id = f.task_id)
         ), page as (
             select * from ranked {after} order by score desc, thing_id desc limit {limit}
         )
         select r.thing_id, r.kind, r.project_id, r.task_id, r.score, p.key as project_key, t.number,
             coalesce(t.title, p.name) as title, substr(b.body, greatest(1, coalesce(b.place, 1) - 60), 240) as excerpt
         from page r join projects p on p.id = r.project_id
         left join lateral (select t.title, t.number, t.description from tasks t where t.id = r.task_id offset 0) t on true
         cross join lateral (
             select body, (select min(nullif(strpos(lower(body), w), 0)) from unnest({words}::text[]) w) as place
             from (select case r.kind when 'task' then t.description when 'project' then p.description
                 else coalesce((select c.body from comments c where c.id = r.thing_id), '') end as body) i offset 0
         ) b
         order by r.score desc, r.thing_id desc"
    );
    Ok(Statement::from_sql_and_values(
        DbBackend::Postgres,
        sql,
        values.0,
    ))
}

/// The question in the language of full text.
fn words(values: &mut Values, wanted: &Wanted<'_>) -> String {
    let mut terms = Vec::new();
    for term in &wanted.question.terms {
        let text = values.bind(term.text.as_str());
        terms.push(format!("search_query({text}, {})", !term.phrase));
    }
    if terms.is_empty() {
        return "''::tsquery".to_owned();
    }
    terms.join(" && ")
}

/// The task whose key the question is.
fn named(values: &mut Values, wanted: &Wanted<'_>) -> String {
    let Some(key) = &wanted.question.key else {
        return String::new();
    };
    let (project, number) = (values.bind(key.project.as_str()), values.bind(key.number));
    format!(
        "or d.thing_id = (select t.id from tasks t join projects p on p.id = t.project_id
         where p.key = {project} and t.number = {number})"
    )
}

/// The projects that the person sees, or the one that is asked for.
fn projects(values: &mut Values, member: &Member, wanted: &Wanted<'_>) -> String {
    let seen = visible(member, "projects", "$1");
    let project = values.bind(wanted.project);
    format!(
        "select projects.id from projects
         where projects.deleted_at is null and ({project}::uuid is null or projects.id = {project}) and {seen}"
    )
}

/// Of these kinds, and of tasks that pass the filter.
fn among(
    values: &mut Values,
    wanted: &Wanted<'_>,
    fields: &[CustomField],
) -> Result<String, Refused> {
    let kinds: Vec<String> = wanted.kinds.iter().map(ToString::to_string).collect();
    let kinds = values.bind(kinds);
    let mut among = format!("and d.kind = any({kinds})");
    if !wanted.filter.is_empty() {
        let before = std::mem::take(&mut values.0);
        let (passes, after) = wanted.filter.sql(fields, before)?;
        values.0 = after;
        // As a value, not as a join, which would read all tasks to find the few of the question.
        let passes = format!(
            " and (select {passes} from tasks join projects on projects.id = tasks.project_id where tasks.id = d.task_id)"
        );
        among.push_str(&passes);
    }
    Ok(among)
}

/// How good a thing is: what the question names comes first.
fn rank(values: &mut Values, wanted: &Wanted<'_>, query: &str) -> String {
    if wanted.similar {
        return "f.near".to_owned();
    }
    let Some(key) = &wanted.question.key else {
        return format!("ts_rank(f.words, {query})");
    };
    let (project, number) = (values.bind(key.project.as_str()), values.bind(key.number));
    format!(
        "case when f.thing_id = (select t.id from tasks t join projects p on p.id = t.project_id
         where p.key = {project} and t.number = {number}) then 100 else ts_rank(f.words, {query}) end"
    )
}

/// Bound parameters.
struct Values(Vec<Value>);

impl Values {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }
}
