//! What a request is refused with: a status and a sentence.

use ae_codec::CodecError;
use ae_data::DataError;
use ae_infer::InferError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request is refused, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The sentence.
    pub(crate) error: String,
}

/// What a request is refused with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    sentence: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
        }
    }

    /// 400: the request says something that means nothing.
    pub(crate) fn bad(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    /// 404: there is nothing of that name.
    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence)
    }

    /// 413: more than the service takes.
    pub(crate) fn too_large(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
    }

    /// 415: a body of a form that is not taken.
    pub(crate) fn unsupported(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence)
    }

    /// 422: a body that was understood and cannot be used.
    pub(crate) fn unusable(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, sentence)
    }

    /// 429: too much at once; later it is taken.
    pub(crate) fn busy(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, sentence)
    }

    /// 503: no answer in time.
    pub(crate) fn unavailable(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
    }

    /// 500: a bug, or the machine's fault.
    pub(crate) fn internal(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, sentence)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    pub(crate) fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl From<DataError> for Refusal {
    fn from(error: DataError) -> Self {
        match error {
            DataError::TooLarge { .. } => Self::too_large(error.to_string()),
            DataError::Decode { .. }
            | DataError::Encode { .. }
            | DataError::InvalidValue { .. }
            | DataError::CountMismatch { .. } => Self::unusable(error.to_string()),
            // Whatever it is, the request's bytes are not to blame.
            error => Self::internal(error.to_string()),
        }
    }
}

impl From<InferError> for Refusal {
    fn from(error: InferError) -> Self {
        match error {
            InferError::Data(error) => error.into(),
            InferError::Lacks { .. }
            | InferError::Shape { .. }
            | InferError::Channels { .. }
            | InferError::CodeLength { .. }
            | InferError::NoNoiseLevel { .. } => Self::unusable(error.to_string()),
            error => Self::internal(error.to_string()),
        }
    }
}

impl From<CodecError> for Refusal {
    fn from(error: CodecError) -> Self {
        match error {
            CodecError::TooLarge { .. } => Self::too_large(error.to_string()),
            CodecError::NotVerified { .. } | CodecError::Read(_) | CodecError::Write(_) => {
                Self::internal(error.to_string())
            }
            // The rest is of images or a container that came.
            error => Self::unusable(error.to_string()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: self.sentence,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if matches!(
            self.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"ae\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
