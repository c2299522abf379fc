//! Listening, serving connections, and ending in good order.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::error::ServeError;
use crate::limits::{Batching, Limits};
use crate::models::catalog::Models;
use crate::router::router;
use crate::service::Service;
use crate::token::Token;

mod stalls;

use stalls::StallLimit;

/// A pause where the system has no descriptor left for a connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);
/// Fields of a request's header, at most.
const MOST_FIELDS: usize = 64;

/// Where to listen, and what to take on.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The address and the port; port 0 is any that is free.
    pub address: SocketAddr,
    /// What requests have to show, if they have to.
    pub token: Option<Token>,
    /// What is refused.
    pub limits: Limits,
    /// How small requests pass together.
    pub batching: Batching,
}

impl Default for ServerOptions {
    /// Any free port of 127.0.0.1, and no token.
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            token: None,
            limits: Limits::default(),
            batching: Batching::default(),
        }
    }
}

/// A service that listens, and serves when it [runs](Self::run).
#[derive(Debug)]
pub struct Server {
    listener: StdListener,
    address: SocketAddr,
    options: ServerOptions,
}

impl Server {
    /// Listens, so that nobody else has the port; connections wait until it [runs](Self::run).
    ///
    /// # Errors
    /// [`ServeError::Bind`]: the port is taken, or the address is none of this machine's.
    pub fn bind(options: ServerOptions) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Bind {
            address: options.address,
            source,
        };
        let listener = StdListener::bind(options.address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            options,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the process is told to end by SIGTERM or SIGINT; requests that are being answered then are answered, within
    /// [`Limits::drain_time`]. `when_ready` is called when the first request can come.
    ///
    /// # Errors
    /// [`ServeError::Start`]: the system has no threads or handlers of signals for it; the error of `when_ready`.
    pub fn run<E: From<ServeError>>(
        self,
        models: Models,
        when_ready: impl FnOnce(SocketAddr) -> Result<(), E>,
    ) -> Result<(), E> {
        self.run_until(models, when_ready, asked_to_end)
    }

    /// As [`run`](Self::run), until the future that `end` makes is ready.
    ///
    /// # Errors
    /// As [`run`](Self::run), and that of `end`.
    pub fn run_until<E: From<ServeError>, F: Future<Output = ()>>(
        self,
        models: Models,
        when_ready: impl FnOnce(SocketAddr) -> Result<(), E>,
        end: impl FnOnce() -> io::Result<F>,
    ) -> Result<(), E> {
        let runtime = Runtime::new().map_err(ServeError::Start)?;
        let ServerOptions {
            token,
            limits,
            batching,
            ..
        } = self.options;
        let is_local = self.address.ip().is_loopback();
        let service = Service::start(models, limits, batching, token, is_local);
        let service = Arc::new(service.map_err(ServeError::Start)?);
        let served = runtime.block_on(async {
            let end = end().map_err(ServeError::Start)?;
            let listener = TcpListener::from_std(self.listener).map_err(ServeError::Start)?;
            when_ready(self.address)?;
            serve(listener, &service, end).await;
            Ok(())
        });
        // What is still being decoded is nobody's any more.
        runtime.shutdown_background();
        served
    }
}

/// Is ready when the process is told to end.
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without a handler nobody can ask.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

async fn serve(listener: TcpListener, service: &Arc<Service>, end: impl Future<Output = ()>) {
    let router = router(service);
    let limits = service.limits;
    let places = Arc::new(Semaphore::new(
        limits.max_connections.min(Semaphore::MAX_PERMITS),
    ));
    let (drain, draining) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut end = pin!(end);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut end => break,
            accepted = accepted => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            continue;
        };
        let (router, draining) = (router.clone(), draining.clone());
        connections.spawn(async move {
            let _place = place;
            connection(stream, router, &limits, draining).await;
        });
    }
    // New connections are refused from here on, and those that are there end with the answer that they wait for.
    drop(listener);
    service.drain();
    drain.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    // What takes longer is broken off.
    let _ = timeout(limits.drain_time, all).await;
}

/// Serves a connection to its end.
async fn connection(
    stream: TcpStream,
    router: Router,
    limits: &Limits,
    mut draining: watch::Receiver<bool>,
) {
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(StallLimit::new(stream, limits.stall_time));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_headers(MOST_FIELDS)
        .serve_connection(stream, TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let mut is_told = *draining.borrow();
    if is_told {
        connection.as_mut().graceful_shutdown();
    }
    loop {
        tokio::select! {
            // A client that went away or wrote what is no HTTP is no error of ours.
            _ = connection.as_mut() => return,
            changed = draining.changed(), if !is_told => {
                is_told = true;
                if changed.is_ok() {
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
