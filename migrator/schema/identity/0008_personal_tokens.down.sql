alter table signing_keys drop column signs_from;
drop table personal_tokens;
