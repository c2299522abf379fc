//! Whether the service lives, is ready, and what it counts.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::request::Shared;
use crate::refusal::Refusal;

pub(crate) async fn live() -> &'static str {
    "live\n"
}

pub(crate) async fn ready(service: Shared) -> Result<&'static str, Refusal> {
    match service.is_ready() {
        true => Ok("ready\n"),
        false => Err(Refusal::unavailable("the service is about to end")),
    }
}

pub(crate) async fn metrics(service: Shared) -> Response {
    let called = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (StatusCode::OK, called, service.metrics()).into_response()
}
