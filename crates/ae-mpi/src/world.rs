//! All ranks that an MPI launcher has started, by the crate `mpi`.

use ae_train::Communicator;
use mpi::Count;
use mpi::Threading;
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, CommunicatorCollectives as _, Root as _};

use crate::launch::Launch;

/// Bytes of one message of a broadcast: MPI counts in 32 bits.
const MESSAGE_BYTES: usize = 1 << 30;

/// Why a process is none of a group's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// MPI was initialized before, or does not take calls from a process with threads.
    #[error("MPI could not be initialized for a process with threads")]
    NotInitialized,
    /// MPI and the launcher don't know each other, so that every process would be alone.
    #[error("{launcher} started {launched} processes, and MPI knows of {joined}")]
    OtherSize {
        /// The launcher.
        launcher: &'static str,
        /// The processes it started.
        launched: usize,
        /// Those that MPI knows of.
        joined: usize,
    },
}

/// The group of all ranks. MPI is finalized where it is dropped, which waits for the others to do so.
///
/// Where a rank ends without that, MPI ends all of them.
pub struct World {
    // Dropped before MPI is finalized.
    world: SimpleCommunicator,
    _universe: Universe,
}

impl World {
    /// Joins the ranks that `launch` is one of; every rank waits for the others.
    ///
    /// # Errors
    /// [`JoinError`]; a process joins once.
    pub fn join(launch: Launch) -> Result<Self, JoinError> {
        // The thread that trains is the one that talks; others only compute.
        let (universe, threading) =
            mpi::initialize_with_threading(Threading::Funneled).ok_or(JoinError::NotInitialized)?;
        if threading < Threading::Funneled {
            return Err(JoinError::NotInitialized);
        }
        let world = universe.world();
        let joined = world.size() as usize;
        if joined != launch.size {
            return Err(JoinError::OtherSize {
                launcher: launch.launcher,
                launched: launch.size,
                joined,
            });
        }
        Ok(Self {
            world,
            _universe: universe,
        })
    }

    /// Ends every rank with this exit code, as far as the launcher passes it on.
    pub fn abort(&self, code: u8) -> ! {
        self.world.abort(code.into())
    }
}

/// Counts and places, as MPI has them.
///
/// # Panics
/// Beyond 2^31 values, which are 8 GiB of a message.
fn partition(counts: &[usize]) -> (Vec<Count>, Vec<Count>) {
    let count =
        |count: usize| Count::try_from(count).expect("a message has fewer than 2^31 values");
    let places = counts.iter().scan(0, |place, &values| {
        let own = *place;
        *place += values;
        Some(count(own))
    });
    let places = places.collect();
    (counts.iter().map(|&values| count(values)).collect(), places)
}

impl Communicator for World {
    fn rank(&self) -> usize {
        self.world.rank() as usize
    }

    fn size(&self) -> usize {
        self.world.size() as usize
    }

    fn all_to_all(
        &self,
        sent: &[f32],
        sent_counts: &[usize],
        received: &mut [f32],
        received_counts: &[usize],
    ) {
        let (counts, places) = partition(sent_counts);
        let sent = Partition::new(sent, counts, places);
        let (counts, places) = partition(received_counts);
        let mut received = PartitionMut::new(received, counts, places);
        self.world.all_to_all_varcount_into(&sent, &mut received);
    }

    fn all_gather(&self, own: &[f32], gathered: &mut [f32], counts: &[usize]) {
        let (counts, places) = partition(counts);
        let mut gathered = PartitionMut::new(gathered, counts, places);
        self.world.all_gather_varcount_into(own, &mut gathered);
    }

    fn broadcast(&self, bytes: &mut Vec<u8>) {
        let first = self.world.process_at_rank(0);
        let mut length = bytes.len() as u64;
        first.broadcast_into(&mut length);
        bytes.resize(length as usize, 0);
        for message in bytes.chunks_mut(MESSAGE_BYTES) {
            first.broadcast_into(message);
        }
    }
}
