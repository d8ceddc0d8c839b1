drop table migration_results, migration_runs;
