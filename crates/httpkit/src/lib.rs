//! HTTP conventions: problem+json, extractors, tokens, idempotency
