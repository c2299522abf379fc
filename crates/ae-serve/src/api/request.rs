//! What every handler does with a request: its path, query and body, or a refusal that says what is wrong.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderMap;

use crate::exchange::body::HeldBody;
use crate::models::description::Operation;
use crate::refusal::Refusal;
use crate::service::{Model, Service};

/// The state that handlers are given.
pub(crate) type Shared = State<Arc<Service>>;
/// A name in a path, if it is one.
pub(crate) type Name = Result<Path<String>, PathRejection>;
/// What follows the `?`, if it is understood.
pub(crate) type Asked<T> = Result<Query<T>, QueryRejection>;

/// The largest whole number that a query may have: JavaScript's numbers hold all up to it.
pub(crate) const LARGEST: u64 = (1 << 53) - 1;

/// A whole number of a query.
///
/// # Errors
/// 400: it is larger than numbers of JSON can be told.
pub(crate) fn whole_number(name: &str, value: u64) -> Result<u64, Refusal> {
    match value <= LARGEST {
        true => Ok(value),
        false => Err(Refusal::bad(format!(
            "{name} is {value}, and may be 0 to {LARGEST}"
        ))),
    }
}

/// The name in a path.
///
/// # Errors
/// 404: it is no text.
pub(crate) fn name(name: Name) -> Result<String, Refusal> {
    let named = name.map_err(|_| Refusal::not_found("the name in the path is no text"));
    named.map(|Path(name)| name)
}

/// What follows the `?`.
///
/// # Errors
/// 400: it is not understood.
pub(crate) fn asked<T>(query: Asked<T>) -> Result<T, Refusal> {
    match query {
        Ok(Query(query)) => Ok(query),
        Err(rejection) => {
            let text = rejection.body_text();
            let text = text.replace("Failed to deserialize query string: ", "");
            Err(Refusal::bad(format!("after the question mark: {text}")))
        }
    }
}

/// A whole request: its header's fields and its body.
///
/// # Errors
/// As [`HeldBody::read`].
pub(crate) async fn whole(
    service: &Service,
    request: Request,
) -> Result<(HeaderMap, HeldBody), Refusal> {
    let (parts, body) = request.into_parts();
    let held = HeldBody::read(&parts.headers, body, &service.room, &service.limits).await?;
    Ok((parts.headers, held))
}

/// The model of a request, which can do what it is asked for.
///
/// # Errors
/// 404: there is none of that name, or it cannot.
pub(crate) fn model_for<'s>(
    service: &'s Service,
    name: &str,
    operation: Operation,
) -> Result<&'s Model, Refusal> {
    let model = service.model(name)?;
    if model.description().can(operation) {
        return Ok(model);
    }
    let why = match operation {
        Operation::Denoise => "it cannot denoise",
        Operation::Reconstruct => "it reconstructs no images of one shape; ask it to denoise",
        Operation::Encode | Operation::Decode => "it has no codes",
        Operation::Generate => "it has no prior to draw codes from",
        Operation::Score => "it scores no images",
        Operation::Compress | Operation::Decompress => "it is none of the codec's",
    };
    Err(Refusal::not_found(format!(
        "{} is a model of kind {}: {why}",
        model.name(),
        model.description().kind
    )))
}
