//! The crate as its users see it: through its public interface, against the sandbox.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod callback;
mod client;
mod customer_service;
mod examples;
mod failover;
mod forward_settings;
mod leaks;
mod oauth;
mod official;
mod over_http;
mod routes;
mod routes_official;
mod sandbox;
mod support;
mod tokens;
