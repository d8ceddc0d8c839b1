//! Consumes events and answers dashboards
