//! With 50,000 tasks no list and no search reads all of them: the server's own count of sequential scans stays where
//! it was.

use kernel::Role;
use sea_orm::sqlx::{self, Executor};

use crate::filter::encoded;
use crate::world::{World, eventually};

/// Ten projects with tasks of everybody in every status, and a comment on every tenth.
const FILL: &str = "
    insert into people (id, name, role) select gen_random_uuid(), 'P' || i, 'member' from generate_series(1, 20) i;
    insert into projects (id, workspace_id, key, name, created_by)
        select gen_random_uuid(), w.id, 'PR' || i, 'Project ' || i, (select id from people limit 1)
        from workspaces w, generate_series(1, 10) i;
    insert into boards (id, project_id, name, order_key) select gen_random_uuid(), id, 'Board', 'a' from projects;
    insert into columns (id, board_id, name, category, order_key)
        select gen_random_uuid(), b.id, c, c, 'a' from boards b, unnest(array['todo', 'in_progress', 'done']) c;
    with places as (
        select p.id as project_id, b.id as board_id, c.id as column_id, c.category, p.created_by,
            row_number() over (order by c.id) as place
        from projects p join boards b on b.project_id = p.id join columns c on c.board_id = b.id where p.key like 'PR%'
    )
    insert into tasks (id, project_id, board_id, column_id, number, title, status, priority, order_key, due_date,
        created_by, created_at, updated_at)
    select gen_random_uuid(), project_id, board_id, column_id, i, case i % 50 when 0 then 'Engine ' else 'Task ' end || i,
        category, (array['low', 'medium', 'high', 'urgent'])[1 + i % 4], 'a' || i,
        case when i % 3 = 0 then current_date + i % 60 - 30 end, created_by, now() - i * interval '1 minute',
        now() - i % 1000 * interval '1 minute'
    from generate_series(1, 50000) i join places on place = 1 + i % 30;
    insert into task_assignees (task_id, user_id)
        select t.id, p.id from tasks t
        join (select id, row_number() over (order by id) as place from people) p on p.place = 1 + t.number % 20
        where t.number % 2 = 0;
    insert into labels (id, project_id, name) select gen_random_uuid(), id, 'bug' from projects;
    insert into task_labels select t.id, l.id from tasks t join labels l using (project_id) where t.number % 20 = 0;
    insert into custom_fields (id, project_id, key, name, kind, order_key)
        select gen_random_uuid(), id, 'severity', 'Severity', 'select', 'a' from projects;
    update tasks t set fields = jsonb_build_object(f.id, 'high') from custom_fields f
        where f.project_id = t.project_id and t.number % 25 = 0;
    insert into comments (id, task_id, author_id, body)
        select gen_random_uuid(), id, created_by, 'About ' || title from tasks where number % 10 = 0;";

#[tokio::test]
async fn no_question_reads_all_tasks() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    owner.task(&project, "First").await;
    member.get("/tasks").await.expect(200);
    world.database.execute(FILL).await.unwrap();
    world.database.execute("vacuum analyze").await.unwrap();
    let one: String = sqlx::query_scalar("select id::text from projects where key = 'PR1'")
        .fetch_one(&world.database)
        .await
        .unwrap();
    let sql = "select pg_stat_reset_single_table_counters('tasks'::regclass)";
    world.database.execute(sql).await.unwrap();

    for filter in [
        "",
        "assignee:me",
        "assignee:P3 status:todo",
        "status:in_progress priority:>=high",
        "due:<7d is:open sort:due",
        "sort:due",
        "sort:-updated",
        "sort:-priority",
        "label:bug",
        "key:PR1-30",
        "project:PR1 is:unassigned",
        "field.severity:high",
        "created:>-1d",
        "engine",
        "task",
        "\"engine 50\"",
        "-label:bug (priority:urgent OR is:overdue)",
        "parent:PR1-30",
        "is:archived",
        "nothingatall",
    ] {
        let filter = encoded(filter);
        for person in [&owner, &member] {
            person
                .get(&format!("/tasks?filter={filter}"))
                .await
                .expect(200);
            person
                .get(&format!("/projects/{one}/tasks?filter={filter}"))
                .await
                .expect(200);
        }
    }
    for order in ["title", "status", "key", "-due", "start", "completed"] {
        owner
            .get(&format!("/projects/{one}/tasks?sort={order}"))
            .await
            .expect(200);
    }
    for question in [
        "engine",
        "task",
        "task 50",
        "PR1-30",
        "enigne",
        "nothingatall",
        "\"engine 50\"",
    ] {
        for person in [&owner, &member] {
            person
                .get(&format!("/search?q={}", encoded(question)))
                .await
                .expect(200);
        }
    }
    owner
        .get("/search?q=engine&filter=is:open")
        .await
        .expect(200);

    // What a session counted is told when it ends.
    world.app.stop().await;
    let others = "select count(*) from pg_stat_activity where datname = current_database() and usename <> current_user";
    eventually("the service's sessions end", async || {
        let left: i64 = sqlx::query_scalar(others)
            .fetch_one(&world.database)
            .await
            .unwrap();
        left == 0
    })
    .await;
    let counted = "select seq_scan, idx_scan from pg_stat_user_tables where relname = 'tasks'";
    let (scans, by_index): (i64, i64) = sqlx::query_as(counted)
        .fetch_one(&world.database)
        .await
        .unwrap();
    assert_eq!(scans, 0, "sequential scans of tasks");
    assert!(by_index > 50, "{by_index}");
    world.end().await;
}
