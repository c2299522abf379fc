//! `ae serve`.

// Addresses alone: `ae-serve` is the one that listens.
use core::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;

use crate::arguments::DeviceArguments;
use crate::arguments::value::at_least_one;
use crate::command::Example;
use crate::context::Context;
use crate::error::CliError;

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[(
    "ae serve runs/glyphs-vae-1 photo",
    "a page to try models on, and an interface for programs",
)];

/// Serve models over HTTP: a page to try them on, and an interface for programs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae serve                                           the denoiser for photographs that is built in
  ae serve runs/glyphs-vae-1 runs/parts-conv-1 photo
  ae serve runs/glyphs-vae-1 --port 0 --json         on a port that is free, which is printed
  ae serve photo --bind 0.0.0.0 --token-file token   for other machines, with a secret to show
  ae serve runs/letters-pixel-1 glyphs               models of the codec: images in few bits, and back

The page is at the address that is printed: open it in a browser. The interface is under /api/v1,
described by /api/openapi.json; what is counted is at /metrics. Each model is called by the name of
its folder or file. Nothing connects anywhere: the page has no part from elsewhere.

A token is read from --token-file, or the variable AE_TOKEN; requests show it as
Authorization: Bearer TOKEN. SIGTERM and ctrl-c end the service when the requests that it has are
answered, with exit code 0.

A model is in memory as its file was when the service began; that is what is served until it is
started again.")]
#[cfg_attr(
    not(feature = "serve"),
    allow(dead_code, reason = "parsed, so that the error names what is missing")
)]
pub(super) struct ServeArguments {
    /// Folders of runs, model files, or what is built in: photo, the denoiser, and glyphs, the codec's
    /// model of letters [default: photo].
    #[arg(value_name = "RUN")]
    pub(super) runs: Vec<PathBuf>,
    /// The port; 0 is any that is free.
    #[arg(long, value_name = "N", default_value_t = 7878)]
    pub(super) port: u16,
    /// The address of this machine to listen at; 0.0.0.0 is every one.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(super) bind: IpAddr,
    /// A file with the secret that requests have to show.
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// How long a request may wait for others that pass through the model with it.
    #[arg(long, value_name = "MS", default_value_t = 2)]
    pub(super) batch_wait_ms: u64,
    /// Images of several requests that pass through a model at once.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = at_least_one)]
    pub(super) max_batch: usize,
    /// Requests that may wait for one model; more are refused with 429.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = at_least_one)]
    pub(super) max_queue: usize,
    /// The largest body in MiB; more is refused with 413.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    pub(super) max_body: u64,
    /// The most pixels of a picture; more are refused with 413.
    #[arg(long, value_name = "N", default_value_t = 1 << 24, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_pixels: u64,
    /// Seconds that an answer may take; later it is refused with 503.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) timeout: u64,
    /// Where to compute.
    #[command(flatten)]
    pub(super) device: DeviceArguments,
}

pub(super) fn run(arguments: ServeArguments, context: &Context<'_>) -> Result<(), CliError> {
    service::run(arguments, context)
}

#[cfg(feature = "serve")]
mod service {
    use core::net::SocketAddr;
    use std::env;
    use std::path::PathBuf;
    use std::time::Duration;

    use ae_infer::PHOTO;
    use ae_serve::{Batching, Limits, Models, Server, ServerOptions, Token};
    use serde::Serialize;

    use super::ServeArguments;
    use crate::backend;
    use crate::codec::model;
    use crate::context::Context;
    use crate::error::CliError;

    /// The variable that a token may be in.
    const TOKEN: &str = "AE_TOKEN";

    #[derive(Serialize)]
    struct Serving {
        address: String,
        names: Vec<String>,
    }

    pub(super) fn run(arguments: ServeArguments, context: &Context<'_>) -> Result<(), CliError> {
        let terminal = context.terminal;
        let options = options(&arguments)?;
        if options.token.is_none() && !arguments.bind.is_loopback() {
            terminal.warning(format!(
                "--bind {}: whoever reaches this machine can use the models; --token-file asks for a secret",
                arguments.bind
            ));
        }
        // What is cheap to find wrong is looked at before models are opened.
        let server = Server::bind(options)?;
        backend::set_threads(arguments.device.threads)?;
        let device = backend::open(arguments.device.backend)?;
        let paths = match arguments.runs.is_empty() {
            true => vec![PathBuf::from(PHOTO)],
            false => arguments.runs,
        };
        let is_codec = |path: &PathBuf| model::is_built_in(path) || model::is_model(path);
        let (codecs, paths): (Vec<_>, Vec<_>) = paths.into_iter().partition(is_codec);
        let mut models = Models::open(&paths, context.registry, &device.device)?;
        for path in codecs {
            let file = (!model::is_built_in(&path)).then(|| model::file_of(&path));
            let codec = model::named(&path)?.model;
            models = models.with_codec(&path, file.as_deref(), codec)?;
        }
        for note in models.notes() {
            terminal.note(note);
        }
        let names: Vec<String> = models.names().map(str::to_owned).collect();
        server.run(models, |address: SocketAddr| {
            let serving = Serving {
                address: format!("http://{address}/"),
                names,
            };
            terminal.result(&serving, || {
                format!("{}  {}", serving.address, serving.names.join(", "))
            })?;
            if terminal.is_watched() {
                terminal.note("open the address in a browser; ctrl-c ends the service");
            }
            Ok(())
        })
    }

    fn options(arguments: &ServeArguments) -> Result<ServerOptions, CliError> {
        let token = match (&arguments.token_file, env::var(TOKEN)) {
            (Some(file), _) => Some(Token::read(file)?),
            (None, Ok(secret)) => Some(Token::new(&secret, TOKEN)?),
            (None, Err(env::VarError::NotPresent)) => None,
            (None, Err(error)) => return Err(CliError::usage(TOKEN, error)),
        };
        let max_body_bytes = arguments.max_body << 20;
        let usual = Limits::default();
        Ok(ServerOptions {
            address: SocketAddr::new(arguments.bind, arguments.port),
            token,
            limits: Limits {
                max_body_bytes,
                max_held_bytes: usual.max_held_bytes.max(max_body_bytes.saturating_mul(2)),
                max_pixels: arguments.max_pixels,
                max_queue: arguments.max_queue,
                answer_time: Duration::from_secs(arguments.timeout),
                ..usual
            },
            batching: Batching {
                wait: Duration::from_millis(arguments.batch_wait_ms),
                max_images: arguments.max_batch,
            },
        })
    }
}

#[cfg(not(feature = "serve"))]
mod service {
    use super::ServeArguments;
    use crate::context::Context;
    use crate::error::CliError;

    pub(super) fn run(_: ServeArguments, _: &Context<'_>) -> Result<(), CliError> {
        Err(CliError::usage("ae serve", "not in this build")
            .hint("build with: cargo build --release -p ae-cli --features serve"))
    }
}
