//! Observability: run records, logs and their retention.
