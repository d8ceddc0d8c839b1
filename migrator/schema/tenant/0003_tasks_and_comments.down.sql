drop table comments, task_assignees, tasks;
