-- Runs that halt by themselves and runs that go on where another ended.

alter table migration_runs
    add column halted_in text,
    add column resumes uuid;
comment on column migration_runs.halted_in is 'the wave in which too many databases failed; such a run is aborted';
comment on column migration_runs.resumes is 'the run that this one went on with';

alter table migration_results add column wave text;
comment on column migration_results.wave is 'the part of the run that the database belonged to';
