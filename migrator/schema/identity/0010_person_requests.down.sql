drop function anonymize_audit_events;
drop function forget_audit_events_of;
drop function forget_audit_events;
drop index audit_events_by_age;
drop index audit_events_by_target;
drop table person_requests;
