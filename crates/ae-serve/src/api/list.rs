//! Which models and runs there are.

use axum::Json;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use crate::api::request::{Asked, Name, Shared, asked, name, whole_number};
use crate::models::description::ModelDescription;
use crate::refusal::Refusal;
use crate::runs::LogPart;

/// The models that are served.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelList {
    /// In order of their names.
    pub(crate) models: Vec<ModelDescription>,
}

/// The runs whose curves are served.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunList {
    /// Their names, in order.
    pub(crate) runs: Vec<String>,
}

/// Which part of a log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogQuery {
    /// The byte that it begins at: 0, or what the last part called `next`.
    #[serde(default)]
    from: u64,
}

pub(crate) async fn models(service: Shared) -> Json<ModelList> {
    Json(ModelList {
        models: service.models().map(|model| model.describe()).collect(),
    })
}

pub(crate) async fn model(service: Shared, named: Name) -> Result<Json<ModelDescription>, Refusal> {
    Ok(Json(service.model(&name(named)?)?.describe()))
}

pub(crate) async fn runs(service: Shared) -> Json<RunList> {
    Json(RunList {
        runs: service.run_names(),
    })
}

pub(crate) async fn log(
    service: Shared,
    named: Name,
    query: Asked<LogQuery>,
) -> Result<Json<LogPart>, Refusal> {
    let run = service.run(&name(named)?)?.clone();
    let from = whole_number("from", asked(query)?.from)?;
    let part = spawn_blocking(move || run.read_from(from)).await;
    match part {
        Ok(Ok(part)) => Ok(Json(part)),
        Ok(Err(error)) => Err(Refusal::internal(format!("cannot read the log: {error}"))),
        Err(_) => Err(Refusal::internal("reading the log panicked")),
    }
}
