-- A refresh token that is sent again because its answer was lost is told from a stolen one by its successor.

alter table refresh_tokens add column successor_hash bytea check (octet_length(successor_hash) = 32);
comment on column refresh_tokens.successor_hash is 'The token given out for this one; null for one that was withdrawn before its use';
