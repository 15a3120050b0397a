//! The only network server: HTTP to calls on planes, and results to HTTP.
