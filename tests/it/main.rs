//! Integration tests of the public API against the sandbox.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod answers;
mod apps;
mod browser;
mod callback;
mod chat;
mod chromium;
mod client;
mod cookies;
mod customer_service;
mod examples;
mod examples_login;
mod failover;
mod forward_settings;
mod habits;
mod host_test;
mod impls;
mod jssdk;
mod late_replies;
mod leaks;
mod leaks_login;
mod llm_bot;
mod load;
mod log;
mod log_lines;
mod miniprogram;
mod oauth;
mod oauth_service;
mod official;
mod over_http;
mod own_calls;
mod panics;
mod process;
mod proxy;
mod routes;
mod routes_access;
mod routes_layers;
mod routes_miniprogram;
mod routes_official;
mod sandbox;
mod scan_clients;
mod scan_login;
mod set_clock;
mod standalone;
mod standalone_inbox;
mod standalone_pushes;
mod support;
mod tokens;
mod transcripts;
mod unreachable;
