drop table person_requests;
