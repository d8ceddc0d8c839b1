//! HTTP of search.

use httpkit::{Json, ListQuery, PageRequest, Problem};
use kernel::Page;
use uuid::Uuid;

use super::model::{Question, parts};
use super::store::{self, FoundRow, Wanted};
use super::view::{Kind, Kinds, SearchHit, SearchQuery};
use crate::access::{Allowed, ListTasks};
use crate::api::ReadProblems;
use crate::filter::{Asked, Filter};

/// Length of a question, in characters.
const QUESTION_CHARS: usize = 200;

/// Search tasks, comments and projects
///
/// The best first, of those the newest; at most a thousand. Where nothing has the words, titles that come near.
#[utoipa::path(get, path = "/search", tag = "search", params(PageRequest, SearchQuery),
    responses((status = 200, description = "a page of what was found", body = Page<SearchHit>), ReadProblems))]
pub(super) async fn search(
    Allowed { tenant, .. }: Allowed<ListTasks>,
    ListQuery {
        page,
        filter: query,
    }: ListQuery<SearchQuery>,
) -> Result<Json<Page<SearchHit>>, Problem> {
    if query.q.trim().is_empty() || query.q.chars().nth(QUESTION_CHARS).is_some() {
        return Err(Problem::field(
            "q",
            "invalid",
            "must have 1 to 200 characters",
        ));
    }
    let asked = Asked::now(&tenant, query.timezone);
    let filter = query.filter.as_deref().unwrap_or_default();
    let read = Filter::read(filter, asked).map_err(|refused| refused.problem(filter, "filter"))?;
    let question = Question::read(&query.q);
    let all = Kinds(vec![Kind::Task, Kind::Comment, Kind::Project]);
    let after: Option<(bool, i32, Uuid)> = page.after()?;
    let mut wanted = Wanted {
        question: &question,
        text: &query.q,
        kinds: query.kind.unwrap_or(all).0,
        project: query.project_id,
        filter: &read,
        similar: after.is_some_and(|(similar, ..)| similar),
        after: after.map(|(_, score, id)| (score, id)),
        limit: page.limit_and_one(),
    };
    let connection = tenant.read().await?;
    let fields = store::fields(&connection, &tenant, &wanted).await?;
    let refused = |refused: crate::filter::Refused| refused.problem(filter, "filter");
    let statement = store::statement(&tenant.member, &wanted, &fields).map_err(refused)?;
    let mut rows = store::found(&connection, statement).await?;
    if rows.is_empty() && after.is_none() && wanted.may_be_mistyped() {
        wanted.similar = true;
        let statement = store::statement(&tenant.member, &wanted, &fields).map_err(refused)?;
        rows = store::found(&connection, statement).await?;
    }
    let (similar, words) = (wanted.similar, question.words());
    let key = |row: &FoundRow| (similar, row.score, row.thing_id);
    let hit = |row: FoundRow| SearchHit {
        key: row.key(),
        kind: row.kind,
        id: row.thing_id,
        project_id: row.project_id,
        task_id: row.task_id,
        title: parts(&row.title, &words),
        excerpt: parts(&row.excerpt, &words),
        similar,
    };
    Ok(Json(Page::of(rows, page.limit, key, hit)))
}
