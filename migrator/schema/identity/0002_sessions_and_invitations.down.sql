drop table mail_queue, signing_keys, invitations, refresh_tokens, sessions;
