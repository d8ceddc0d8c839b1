alter table migration_results drop column wave;
alter table migration_runs drop column resumes, drop column halted_in;
