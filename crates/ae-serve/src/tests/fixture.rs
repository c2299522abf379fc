//! A service with small models, asked without a socket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ae_data::{Image, ImageShape};
use ae_infer::{Device, OpenModel};
use ae_models::{ConvAutoencoderConfig, ModelConfig, VariationalAutoencoderConfig};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::limits::{Batching, Limits};
use crate::models::catalog::Models;
use crate::router::router;
use crate::service::Service;
use crate::token::Token;

pub(super) const SHAPE: ImageShape = ImageShape::new(1, 12, 12);

/// An untrained model of 12x12 gray images with 6 latent dimensions.
pub(super) fn conv() -> OpenModel {
    open(
        "conv",
        ConvAutoencoderConfig {
            widths: vec![4],
            ..ConvAutoencoderConfig::default()
        },
    )
}

/// The same with a prior.
pub(super) fn vae() -> OpenModel {
    open("vae", VariationalAutoencoderConfig::default())
}

fn open(name: &str, config: impl Into<ModelConfig>) -> OpenModel {
    let device = Device::flex();
    let axes = [SHAPE.channels, SHAPE.height, SHAPE.width];
    let model = config.into().init(axes, 1, &device).unwrap();
    OpenModel::new(name, model, &device)
}

pub(super) fn picture(shape: ImageShape) -> Image {
    let pixels = (0..shape.values()).map(|value| (value * value % 251) as u8);
    Image::new(shape, pixels.collect()).unwrap()
}

pub(super) fn png(shape: ImageShape) -> Vec<u8> {
    picture(shape).to_png().unwrap()
}

/// A service.
pub(super) struct Served {
    pub(super) service: Arc<Service>,
    router: Router,
}

/// An answer, its body whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Served {
    /// `conv`, `vae` and `photo` under the usual limits.
    pub(super) fn new() -> Self {
        Self::with(Limits::default(), None)
    }

    pub(super) fn with(limits: Limits, token: Option<Token>) -> Self {
        let device = Device::flex();
        let registry = ae_infer::Registry::builtin();
        let models = Models::open(&["photo".into()], &registry, &device).unwrap();
        let models = models.with_model("conv", conv()).unwrap();
        let models = models.with_model("vae", vae()).unwrap();
        Self::of(models, limits, token)
    }

    pub(super) fn of(models: Models, limits: Limits, token: Option<Token>) -> Self {
        let service = Service::start(models, limits, Batching::default(), token, true).unwrap();
        let service = Arc::new(service);
        let router = router(&service);
        Self { service, router }
    }

    /// Answers a request.
    pub(super) fn ask(&self, request: Request<Body>) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let router = self.router.clone();
        runtime.block_on(async move {
            let response = router.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            Answer {
                status: parts.status,
                headers: parts.headers,
                body: body.collect().await.unwrap().to_bytes(),
            }
        })
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
    }

    /// Sends a body that is called `called`, and asks for an answer of the form `accept`; nothing is said of either where they
    /// are empty.
    pub(super) fn post(
        &self,
        path: &str,
        called: &str,
        accept: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in [(header::CONTENT_TYPE, called), (header::ACCEPT, accept)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        self.ask(request.body(body.into()).unwrap())
    }

    /// Waits until scores can be had.
    pub(super) fn calibrated(self) -> Self {
        while self
            .service
            .models()
            .any(|model| model.calibrated.is_coming())
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn called(&self) -> &str {
        self.headers[header::CONTENT_TYPE].to_str().unwrap()
    }

    /// The picture that the body is.
    pub(super) fn image(&self) -> Image {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        Image::decode(&self.body, Path::new("answer"), &Default::default()).unwrap()
    }

    /// Checks that it is a refusal of this status, whose sentence holds `expected`.
    pub(super) fn check_refusal(&self, status: u16, expected: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        let json = self.json();
        let sentence = json["error"].as_str().unwrap();
        assert!(sentence.contains(expected), "{sentence}");
        assert_eq!(json.as_object().unwrap().len(), 1);
    }
}
