drop index concurrently if exists links_by_person;
