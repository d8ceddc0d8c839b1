drop table columns, boards, project_members, projects;
