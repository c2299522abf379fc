//! Which address leads where, and what is asked of every request before.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::api::{
    codes, compress, decompress, denoise, generate, health, list, reconstruct, score,
};
use crate::openapi;
use crate::page;
use crate::refusal::Refusal;
use crate::service::Service;

/// What a browser is told with every answer: nothing is loaded from elsewhere, shown elsewhere or taken for what it is not
/// called.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// The whole of what is served.
pub(crate) fn router(service: &Arc<Service>) -> Router {
    let mut router = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route(openapi::PATH, get(openapi::document))
        .route("/api/v1/models", get(list::models))
        .route("/api/v1/models/{name}", get(list::model))
        .route("/api/v1/models/{name}/denoise", post(denoise::denoise))
        .route(
            "/api/v1/models/{name}/reconstruct",
            post(reconstruct::reconstruct),
        )
        .route("/api/v1/models/{name}/encode", post(codes::encode))
        .route("/api/v1/models/{name}/decode", post(codes::decode))
        .route("/api/v1/models/{name}/generate", post(generate::generate))
        .route("/api/v1/models/{name}/score", post(score::score))
        .route("/api/v1/models/{name}/compress", post(compress::compress))
        .route(
            "/api/v1/models/{name}/decompress",
            post(decompress::decompress),
        )
        .route("/api/v1/runs", get(list::runs))
        .route("/api/v1/runs/{name}/log", get(list::log))
        .fallback(nothing_here)
        .method_not_allowed_fallback(another_method);
    for file in page::FILES {
        router = router.route(file.path, get(move || async move { file.answer() }));
    }
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        router = router.layer(SetResponseHeaderLayer::overriding(name, value));
    }
    router
        .layer(middleware::from_fn_with_state(Arc::clone(service), admit))
        .layer(middleware::from_fn_with_state(Arc::clone(service), observe))
        .with_state(Arc::clone(service))
}

async fn nothing_here() -> Refusal {
    Refusal::not_found("there is nothing at this address; /api/openapi.json says what there is")
}

async fn another_method(method: Method) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{method} is not what this address takes; /api/openapi.json says what it does"),
    )
}

/// Counts a request and its answer.
async fn observe(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let route = route_of(request.uri().path());
    let begun = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    service.requests.count(route, status, begun.elapsed());
    response
}

/// What a path asks for, without the names in it.
fn route_of(path: &str) -> &'static str {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        [""] => "/",
        ["page", _] => "/page",
        ["health", "live"] => "/health/live",
        ["health", "ready"] => "/health/ready",
        ["metrics"] => "/metrics",
        ["api", "openapi.json"] => openapi::PATH,
        ["api", "v1", "models"] => "/api/v1/models",
        ["api", "v1", "models", _] => "/api/v1/models/{name}",
        ["api", "v1", "models", _, "denoise"] => "/api/v1/models/{name}/denoise",
        ["api", "v1", "models", _, "reconstruct"] => "/api/v1/models/{name}/reconstruct",
        ["api", "v1", "models", _, "encode"] => "/api/v1/models/{name}/encode",
        ["api", "v1", "models", _, "decode"] => "/api/v1/models/{name}/decode",
        ["api", "v1", "models", _, "generate"] => "/api/v1/models/{name}/generate",
        ["api", "v1", "models", _, "score"] => "/api/v1/models/{name}/score",
        ["api", "v1", "models", _, "compress"] => "/api/v1/models/{name}/compress",
        ["api", "v1", "models", _, "decompress"] => "/api/v1/models/{name}/decompress",
        ["api", "v1", "runs"] => "/api/v1/runs",
        ["api", "v1", "runs", _, "log"] => "/api/v1/runs/{name}/log",
        _ => "other",
    }
}

/// Lets a request through that may come: from a page of ours or none, to this host, and with the token where there is one.
async fn admit(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    match refused(&service, &request) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

fn refused(service: &Service, request: &Request) -> Option<Refusal> {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).or(request.uri().authority().map(|host| host.as_str()));
    let forbidden = |sentence: &str| Some(Refusal::new(StatusCode::FORBIDDEN, sentence));
    if service.is_local && host.is_some_and(|host| !is_this_machine(host)) {
        // A page elsewhere may have made its own name lead here.
        return forbidden(
            "the request is for another host than this machine, where alone the service listens",
        );
    }
    if let Some(origin) = text(header::ORIGIN) {
        let from = origin.split_once("://").map(|(_, from)| from);
        if from.is_none() || from != host {
            return forbidden("the request is from a page that is not this service's");
        }
    }
    let path = request.uri().path();
    let needs_token = path.starts_with("/api/") || path == "/metrics";
    let token = service.token.as_ref().filter(|_| needs_token)?;
    let shown = text(header::AUTHORIZATION).and_then(|value| {
        let (scheme, secret) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    if shown.is_some_and(|secret| token.is(secret.as_bytes())) {
        return None;
    }
    Some(Refusal::new(
        StatusCode::UNAUTHORIZED,
        "the request has to show the service's token, as Authorization: Bearer TOKEN",
    ))
}

/// Whether a host with its port is the machine's own name or address for itself.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address = name.parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_this_machine_by_its_own_names_alone() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:7878",
            "127.9.9.9",
            "[::1]:1",
            "[::1]",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org:80",
            "10.0.0.1",
            "[::2]:1",
            "127.0.0.1.x",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn names_are_no_part_of_a_route() {
        for (path, expected) in [
            ("/", "/"),
            ("/api/v1/models/a/denoise", "/api/v1/models/{name}/denoise"),
            ("/api/v1/models/a", "/api/v1/models/{name}"),
            ("/api/v1/models/a/b", "other"),
            ("/page/main.js", "/page"),
            ("/page/a/b", "other"),
            ("*", "other"),
        ] {
            assert_eq!(route_of(path), expected, "{path}");
        }
    }
}
