//! Reading a body within limits: of bytes, of time, and of the room that all bodies share.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::limits::Limits;
use crate::refusal::Refusal;

/// What room is counted in.
const UNIT: u64 = 1 << 10;
/// What is set aside for a body before any of it has come.
const FIRST: u64 = 1 << 20;

/// The memory that bodies may take together.
#[derive(Debug, Clone)]
pub(crate) struct Room(Arc<Semaphore>);

/// A body, and the room that it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct HeldBody {
    bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(crate) fn new(bytes: u64) -> Self {
        let units = usize::try_from(bytes.div_ceil(UNIT)).unwrap_or(usize::MAX);
        Self(Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))))
    }

    /// Takes room for so many bytes more.
    fn take(&self, held: &mut Option<OwnedSemaphorePermit>, bytes: u64) -> Result<(), Refusal> {
        let has = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits) as u64;
        let missing = bytes.div_ceil(UNIT).saturating_sub(has);
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.0).try_acquire_many_owned(missing);
        let taken = taken.map_err(|_| {
            Refusal::busy("the service holds as many bytes of other requests as it may; try again")
        })?;
        match held {
            Some(held) => held.merge(taken),
            None => *held = Some(taken),
        }
        Ok(())
    }
}

impl HeldBody {
    /// Reads a body to its end.
    ///
    /// # Errors
    /// 413 where it is longer than allowed, before a byte of it is read if its length is said; 429 where other bodies take all
    /// the room; 408 where it does not come in time; 400 where it breaks off.
    pub(crate) async fn read(
        headers: &HeaderMap,
        body: Body,
        room: &Room,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let too_large = || {
            let most = limits.max_body_bytes;
            Refusal::too_large(format!("the body has more than {most} bytes"))
        };
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > limits.max_body_bytes) {
            return Err(too_large());
        }
        let mut held = None;
        let first = length.unwrap_or(0).min(FIRST);
        room.take(&mut held, first)?;
        let mut bytes = Vec::with_capacity(usize::try_from(first).unwrap_or(0));
        let deadline = Instant::now() + limits.body_time;
        let mut body = body;
        loop {
            let frame = match timeout_at(deadline, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(Refusal::bad("the body breaks off")),
                Err(_) => return Err(too_slow(limits.body_time)),
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let all = bytes.len() as u64 + data.len() as u64;
            if all > limits.max_body_bytes {
                return Err(too_large());
            }
            room.take(&mut held, all)?;
            bytes.extend_from_slice(&data);
        }
        Ok(Self {
            bytes: bytes.into(),
            _room: held,
        })
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

fn too_slow(time: Duration) -> Refusal {
    let seconds = time.as_secs_f32();
    Refusal::new(
        StatusCode::REQUEST_TIMEOUT,
        format!("the body did not come within {seconds} s"),
    )
}
