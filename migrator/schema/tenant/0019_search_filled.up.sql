-- What was there before 0018: its triggers see to all that comes, so nothing is missed between the two.

insert into search_documents (thing_id, kind, project_id, task_id, title, words)
select id, 'task', project_id, id, title, search_words(title, description) from tasks
on conflict (thing_id) do nothing;

insert into search_documents (thing_id, kind, project_id, task_id, words)
select c.id, 'comment', coalesce(c.project_id, t.project_id), c.task_id, search_words(null, c.body)
from comments c left join tasks t on t.id = c.task_id
where c.deleted_at is null
on conflict (thing_id) do nothing;

insert into search_documents (thing_id, kind, project_id, title, words)
select id, 'project', id, name, search_words(key || ' ' || name, description) from projects
on conflict (thing_id) do nothing;
