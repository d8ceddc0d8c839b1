//! Event contracts, transactional outbox, relay and consumer
