//! The OpenAPI document: what every address takes and answers.

use std::sync::LazyLock;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response as Answer};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::encoding::EncodingBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
    PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ComponentsBuilder, ObjectBuilder, Type,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApiBuilder, Ref, Required};

use crate::api::codes::CodesBody;
use crate::api::list::{ModelList, RunList};
use crate::api::request::LARGEST;
use crate::api::score::{ImageScore, ScoreBody};
use crate::exchange::form::{Form, IMAGES, PICTURES};
use crate::models::calibration::CalibrationState;
use crate::models::description::{InputShape, ModelDescription, Operation as ModelOperation};
use crate::refusal::ErrorBody;
use crate::runs::LogPart;

/// Where the document is.
pub(crate) const PATH: &str = "/api/openapi.json";

/// The name of what requests may have to show.
const TOKEN: &str = "token";

static DOCUMENT: LazyLock<String> = LazyLock::new(written);

pub(crate) async fn document() -> Answer {
    let called = [(header::CONTENT_TYPE, Form::Json.media_type())];
    (StatusCode::OK, called, DOCUMENT.as_str()).into_response()
}

/// Refusals with what they mean.
const REFUSALS: &[(u16, &str)] = &[
    (
        400,
        "a value after the question mark, or the division of a multipart body, that means nothing",
    ),
    (
        401,
        "the service has a token, and the request does not show it",
    ),
    (
        403,
        "from a page that is not this service's, or for another host",
    ),
    (
        404,
        "no model or run of that name, or a model that cannot do this",
    ),
    (406, "no form of the answer that the Accept header likes"),
    (408, "the body did not come in time"),
    (413, "more bytes, pixels or images than the service takes"),
    (415, "a body that is not taken, or not what it is called"),
    (
        422,
        "a body that cannot be used: damaged, of another shape, or not for this model",
    ),
    (
        429,
        "too many requests wait, or too many bytes are held; try again",
    ),
    (500, "a bug; other requests are served"),
    (503, "no answer in time, or the service is about to end"),
];

/// The forms of images that can be gray; WebP has color alone.
const GRAY: [Form; 4] = [Form::Png, Form::Jpeg, Form::Npy, Form::Multipart];

/// What a request may be refused with, whatever it asks for.
const ALWAYS: &[u16] = &[401, 403];
/// The same of a request that names a model or a run.
const NAMED: &[u16] = &[400, 401, 403, 404];
/// The same of a request that a model answers.
const ANSWERED: &[u16] = &[400, 401, 403, 404, 406, 408, 413, 415, 422, 429, 500, 503];

fn written() -> String {
    let document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("ae serve")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Trained autoencoders: denoise, reconstruct, encode, decode, generate, score; models of the codec: \
                     compress, decompress. Images are PNG, JPEG or WebP, or NumPy arrays (application/x-npy) of uint8, or of \
                     float32 and float64 in 0 to 1, with axes (batch, channels, height, width); several pictures are the \
                     parts of a multipart/form-data body. Every refusal is a JSON object with a sentence in `error`.",
                )),
        )
        .paths(paths())
        .components(Some(components().build()))
        .security(Some([
            SecurityRequirement::default(),
            SecurityRequirement::new(TOKEN, Vec::<String>::new()),
        ]))
        .build();
    // A document of plain values: serializing it cannot fail.
    document.to_json().unwrap_or_default()
}

fn components() -> ComponentsBuilder {
    ComponentsBuilder::new()
        .schema_from::<CalibrationState>()
        .schema_from::<CodesBody>()
        .schema_from::<ErrorBody>()
        .schema_from::<ImageScore>()
        .schema_from::<InputShape>()
        .schema_from::<LogPart>()
        .schema_from::<ModelDescription>()
        .schema_from::<ModelList>()
        .schema_from::<ModelOperation>()
        .schema_from::<RunList>()
        .schema_from::<ScoreBody>()
        .security_scheme(
            TOKEN,
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        )
}

fn paths() -> PathsBuilder {
    let get = |operation| PathItem::new(HttpMethod::Get, operation);
    let post = |operation| PathItem::new(HttpMethod::Post, operation);
    let text = |name: &str, about: &str| {
        let body = ContentBuilder::new().schema(Some(plain(Type::String)));
        let response = ResponseBuilder::new()
            .description(about)
            .content("text/plain", body.build());
        operation(name, about, response.build())
    };
    let models = "/api/v1/models/{name}";
    PathsBuilder::new()
        .path("/health/live", get(text("live", "The process lives.").build()))
        .path(
            "/health/ready",
            get(refused(text("ready", "Requests are taken."), &[503]).build()),
        )
        .path(
            "/metrics",
            get(refused(text("metrics", "What is counted, for Prometheus."), ALWAYS).build()),
        )
        .path("/api/v1/models", get(list::<ModelList>("models", "The models that are served.")))
        .path(
            models,
            get(named(
                operation("model", "A model.", json_of::<ModelDescription>("the model")),
                NAMED,
            )),
        )
        .path(
            format!("{models}/denoise"),
            post(named(
                operation(
                    "denoise",
                    "Removes noise from pictures of any size; bits, alpha, color profile and EXIF are kept as far as the \
                     answer's form holds them.",
                    images("the pictures without their noise"),
                )
                .parameter(number("strength", "How much of the noise is removed: 1 all that the model takes for it.", Type::Number, 1.0, 0.0, 1.5))
                .request_body(Some(body_of(&IMAGES, "Pictures of any size."))),
                ANSWERED,
            )),
        )
        .path(
            format!("{models}/reconstruct"),
            post(named(
                operation(
                    "reconstruct",
                    "Passes images through the model; pictures are brought to its size and channels first.",
                    images("what the model makes of them"),
                )
                .request_body(Some(body_of(&IMAGES, "Images."))),
                ANSWERED,
            )),
        )
        .path(
            format!("{models}/encode"),
            post(named(
                operation(
                    "encode",
                    "Compresses images to codes; of a variational model, to the means.",
                    codes("a code for each image"),
                )
                .request_body(Some(body_of(&IMAGES, "Images."))),
                ANSWERED,
            )),
        )
        .path(
            format!("{models}/decode"),
            post(named(
                operation("decode", "Makes images of codes.", images("an image of each code"))
                    .request_body(Some(codes_body())),
                ANSWERED,
            )),
        )
        .path(
            format!("{models}/generate"),
            post(named(
                operation(
                    "generate",
                    "Makes new images, of codes drawn from the model's prior. An image depends on the seed and its number alone.",
                    images("the new images"),
                )
                .parameter(number("count", "How many.", Type::Integer, 1.0, 1.0, 4096.0))
                .parameter(number("seed", "What they are drawn by.", Type::Integer, 0.0, 0.0, LARGEST as f64)),
                &[400, 401, 403, 404, 406, 422, 429, 500, 503],
            )),
        )
        .path(format!("{models}/score"), post(named(score(), ANSWERED)))
        .path(format!("{models}/compress"), post(named(compress(), ANSWERED)))
        .path(
            format!("{models}/decompress"),
            post(named(
                operation(
                    "decompress",
                    "Gives back the images of a container that was made with this model; by default as an array where they have \
                     one shape, and otherwise in parts.",
                    images("the images"),
                )
                .request_body(Some(body_of(&[Form::Aez], "What compress has answered, or ae compress has written."))),
                ANSWERED,
            )),
        )
        .path("/api/v1/runs", get(list::<RunList>("runs", "The runs whose curves are served.")))
        .path(
            "/api/v1/runs/{name}/log",
            get(named(
                operation(
                    "log",
                    "A part of a run's log, as it grows while the run trains.",
                    json_of::<LogPart>("a part of the log"),
                )
                .parameter(number("from", "Where the part begins: 0, or what the last one called next.", Type::Integer, 0.0, 0.0, LARGEST as f64)),
                &[400, 401, 403, 404, 500],
            )),
        )
}

fn score() -> OperationBuilder {
    let json = ContentBuilder::new().schema(Some(Ref::from_schema_name(ScoreBody::name())));
    let response = ResponseBuilder::new()
        .description("how anomalous each image is; as an array, the absolute error of each pixel: (batch, height, width)")
        .content(Form::Json.media_type(), json.build())
        .content(Form::Npy.media_type(), binary(Form::Npy).build());
    let about = "Says how anomalous images are to the model: their scores, and where held-out images of the model's own set \
                 are there, p-values and verdicts.";
    operation("score", about, response.build())
        .parameter(
            ParameterBuilder::new()
                .name("false_alarm_rate")
                .parameter_in(ParameterIn::Query)
                .description(Some(
                    "The share of normal images that may be called anomalous by mistake.",
                ))
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(Type::Number)
                        .default(Some(json!(0.05)))
                        .exclusive_minimum(Some(0.0))
                        .exclusive_maximum(Some(1.0)),
                )),
        )
        .request_body(Some(body_of(&IMAGES, "Images.")))
}

fn compress() -> OperationBuilder {
    let response = ResponseBuilder::new()
        .description("a container, which ae decompress reads as well")
        .content(Form::Aez.media_type(), binary(Form::Aez).build());
    let about = "Compresses gray images of 8 bits, by a model of the codec: of the model's shape where it has one. The names of \
                 a multipart body's files are kept.";
    let group = plain(Type::Integer)
        .minimum(Some(1.0))
        .maximum(Some(4096.0));
    operation("compress", about, response.build())
        .parameter(number(
            "near",
            "How far pixels may be from what they were, of 255; 0 for not at all.",
            Type::Integer,
            0.0,
            0.0,
            127.0,
        ))
        .parameter(
            ParameterBuilder::new()
                .name("group")
                .parameter_in(ParameterIn::Query)
                .description(Some(
                    "Images of a chunk, which is decoded without others; 64 where nothing is asked for, and 1 of pictures of any \
                     sizes.",
                ))
                .schema(Some(group)),
        )
        .request_body(Some(body_of(&GRAY, "Gray images; an array is of uint8.")))
}

/// An operation with its answer.
fn operation(name: &str, about: &str, answer: Response) -> OperationBuilder {
    OperationBuilder::new()
        .operation_id(Some(name))
        .summary(Some(about))
        .response("200", answer)
}

/// The refusals that an operation may end with.
fn refused(operation: OperationBuilder, statuses: &[u16]) -> OperationBuilder {
    let chosen = REFUSALS
        .iter()
        .filter(|(status, _)| statuses.contains(status));
    chosen.fold(operation, |operation, (status, meaning)| {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name())));
        let response = ResponseBuilder::new()
            .description(*meaning)
            .content(Form::Json.media_type(), body.build());
        operation.response(status.to_string(), response.build())
    })
}

/// An operation on what its path names.
fn named(operation: OperationBuilder, statuses: &[u16]) -> Operation {
    let name = ParameterBuilder::new()
        .name("name")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("What the model or run is called."))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1)),
        ));
    refused(operation, statuses).parameter(name).build()
}

fn list<T: ToSchema>(name: &str, about: &str) -> Operation {
    refused(operation(name, about, json_of::<T>("the list")), ALWAYS).build()
}

fn json_of<T: ToSchema>(about: &str) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name())));
    ResponseBuilder::new()
        .description(about)
        .content(Form::Json.media_type(), body.build())
        .build()
}

/// An answer of images.
fn images(about: &str) -> Response {
    let response = ResponseBuilder::new().description(about);
    let response = IMAGES.into_iter().fold(response, |response, form| {
        response.content(form.media_type(), binary(form).build())
    });
    response.build()
}

/// An answer of codes.
fn codes(about: &str) -> Response {
    let json = ContentBuilder::new().schema(Some(Ref::from_schema_name(CodesBody::name())));
    ResponseBuilder::new()
        .description(about)
        .content(Form::Json.media_type(), json.build())
        .content(Form::Npy.media_type(), binary(Form::Npy).build())
        .build()
}

/// A body in one of some forms.
fn body_of(forms: &[Form], about: &str) -> RequestBody {
    let body = RequestBodyBuilder::new()
        .description(Some(about))
        .required(Some(Required::True));
    let body = forms.iter().fold(body, |body, &form| {
        body.content(form.media_type(), binary(form).build())
    });
    body.build()
}

fn codes_body() -> RequestBody {
    let json = ContentBuilder::new().schema(Some(Ref::from_schema_name(CodesBody::name())));
    RequestBodyBuilder::new()
        .description(Some(
            "Codes: a JSON object, or an array of float32 or float64 with axes (batch, values).",
        ))
        .required(Some(Required::True))
        .content(Form::Json.media_type(), json.build())
        .content(Form::Npy.media_type(), binary(Form::Npy).build())
        .build()
}

/// Bytes of a form; of several pictures, parts.
fn binary(form: Form) -> ContentBuilder {
    let bytes = ObjectBuilder::new().schema_type(Type::String);
    if form != Form::Multipart {
        return ContentBuilder::new().schema(Some(bytes.content_media_type(form.media_type())));
    }
    let types = PICTURES.map(Form::media_type).join(", ");
    let parts = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property(
            "picture",
            ArrayBuilder::new().items(bytes).min_items(Some(1)),
        )
        .required("picture")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    ContentBuilder::new().schema(Some(parts)).encoding(
        "picture",
        EncodingBuilder::new().content_type(Some(types)).build(),
    )
}

fn plain(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

/// A number after the question mark.
fn number(name: &str, about: &str, kind: Type, usual: f64, least: f64, most: f64) -> Parameter {
    let usual = match kind {
        Type::Integer => json!(usual as u64),
        _ => json!(usual),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(about))
        .schema(Some(
            plain(kind)
                .default(Some(usual))
                .minimum(Some(least))
                .maximum(Some(most)),
        ))
        .build()
}
