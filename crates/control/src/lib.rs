//! The control port: mutual TLS between hosts, requests and answers, deadlines.
