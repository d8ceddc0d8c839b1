//! Tasks by the thousand.

use tokio_postgres::NoTls;

use crate::organization::Organization;
use crate::settings::Server;

/// Words of titles, besides the five that a fifth of all tasks has each.
const WORDS: &str = "account report customer export login mobile invoice search filter payment server backup design review \
    release update contract meeting budget screen button error mail calendar import backend database copy launch plan \
    draft check";

/// Which ids new tasks get.
#[derive(Clone, Copy)]
pub(super) enum Ids {
    /// Any.
    Random,
    /// The first is 1, the next 2.
    Counted,
}

/// The database of an organization.
pub(super) fn name(office: &Organization) -> String {
    format!("tenant_{}", office.id.replace('-', ""))
}

/// The organization's database, as the operator: thousands of rows through the front door would take minutes.
pub(super) struct Database(tokio_postgres::Client);

impl Database {
    pub(super) async fn of(server: &Server, office: &Organization) -> anyhow::Result<Self> {
        let address = server.admin.with_database(&name(office));
        let (client, connection) = address.config().connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// Tasks dealt to the columns of the project's first board in turn; every third has somebody to do it.
    pub(super) async fn add_tasks(
        &self,
        project: &str,
        count: i32,
        ids: Ids,
    ) -> anyhow::Result<()> {
        let id = match ids {
            Ids::Random => "gen_random_uuid()",
            Ids::Counted => "lpad(to_hex(n), 32, '0')::uuid",
        };
        let sql = format!(
            "create or replace function pg_temp.some_words(n integer, count integer) returns text language sql as $$
                select string_agg(' ' || words.list[1 + get_byte(hash.bytes, i) % cardinality(words.list)], '')
                from (select string_to_array('{WORDS}', ' ') as list) words,
                    (select decode(md5(n::text), 'hex') as bytes) hash, generate_series(0, count - 1) as i
            $$;
            with place as (
                select c.id, c.board_id, c.category, p.id as project_id, p.created_by,
                    row_number() over (order by c.order_key, c.id) - 1 as nth, count(*) over () as columns
                from projects p join boards b on b.project_id = p.id join columns c on c.board_id = b.id
                where p.id = '{project}'
            ), made as (
                insert into tasks (id, project_id, board_id, column_id, number, title, description, status, priority,
                    order_key, due_date, created_by, created_at, updated_at)
                select {id}, project_id, board_id, place.id, n,
                    'Task ' || n || ' ' || (array['rocket', 'harbour', 'violin', 'lantern', 'meadow'])[1 + n % 5]
                        || pg_temp.some_words(n, 4),
                    repeat('What is to be done about ' || md5((n * 7)::text) || '. ', 8), category,
                    (array['low', 'medium', 'high', 'urgent'])[1 + n % 4],
                    lpad(to_hex(n), 8, '0') || '80', current_date + n % 60, created_by,
                    now() - n * interval '1 minute', now() - n * interval '1 minute'
                from generate_series(1, {count}) as n join place on place.nth = n % place.columns
                returning id, number, created_by
            )
            insert into task_assignees (task_id, user_id) select id, created_by from made where number % 3 = 0"
        );
        self.0.batch_execute(&sql).await?;
        let next =
            format!("update projects set next_task_number = {count} + 1 where id = '{project}'");
        self.0.batch_execute(&next).await?;
        self.0.batch_execute("analyze").await?;
        Ok(())
    }

    /// The number that the project's next task gets.
    pub(super) async fn number_from(&self, project: &str, number: u32) -> anyhow::Result<()> {
        let next =
            format!("update projects set next_task_number = {number} where id = '{project}'");
        Ok(self.0.batch_execute(&next).await?)
    }

    pub(super) async fn add_columns(&self, board: &str, count: i32) -> anyhow::Result<()> {
        let sql = format!(
            "insert into columns (id, board_id, name, category, order_key)
             select gen_random_uuid(), '{board}', 'Column ' || n, 'todo', 'c0' || lpad(to_hex(n), 6, '0') || '80'
             from generate_series(1, {count}) as n"
        );
        Ok(self.0.batch_execute(&sql).await?)
    }
}
