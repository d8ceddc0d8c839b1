alter table links
    drop column guesses,
    drop column guessed_since;

drop table link_policies;
