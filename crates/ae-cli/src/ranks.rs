//! The processes that a launcher has started with this command: which one this is, and what they decide together.

use std::cell::Cell;
#[cfg(feature = "mpi")]
use std::cell::OnceCell;

use ae_mpi::Launch;
use ae_train::{Alone, Communicator, TrainError};

use crate::error::{CliError, Status};

/// This process among those that were started together; the only one, where no launcher says otherwise.
pub(crate) struct Ranks {
    launch: Option<Launch>,
    #[cfg(feature = "mpi")]
    world: OnceCell<ae_mpi::World>,
    /// Whether the others know nothing of it should this rank fail now, and wait for it.
    is_out_of_step: Cell<bool>,
    /// Whether another rank tells why all end.
    is_told_by_another: Cell<bool>,
}

impl Ranks {
    /// As the process's environment has it.
    pub(crate) fn of_process() -> Self {
        let launch = Launch::of_process();
        Self {
            launch,
            #[cfg(feature = "mpi")]
            world: OnceCell::new(),
            is_out_of_step: Cell::new(false),
            // Until they have met, what one rank finds wrong all do.
            is_told_by_another: Cell::new(launch.is_some_and(|launch| launch.rank > 0)),
        }
    }

    /// This process's number, from 0.
    pub(crate) fn rank(&self) -> usize {
        self.launch.map_or(0, |launch| launch.rank)
    }

    /// How many processes there are.
    pub(crate) fn size(&self) -> usize {
        self.launch.map_or(1, |launch| launch.size)
    }

    /// What started the process, if it is one for several.
    pub(crate) fn launcher(&self) -> Option<&'static str> {
        self.launch.map(|launch| launch.launcher)
    }

    /// Refuses a command that is for one process where there are several.
    ///
    /// # Errors
    /// There are several.
    pub(crate) fn check_alone(&self, command: &str) -> Result<(), CliError> {
        match self.launch {
            Some(Launch { size, launcher, .. }) if size > 1 => Err(CliError::usage(
                format!("ae {command}"),
                format!("{launcher} started {size} processes of a command that takes one"),
            )
            .hint("ae train, and encode, denoise, anomaly and compress of shards, share their work out")),
            _ => Ok(()),
        }
    }

    /// The work of each rank is its own from here on: each tells its own errors.
    pub(crate) fn part(&self) {
        self.is_told_by_another.set(false);
    }

    /// Meets the other ranks, where there are any: all wait for each other.
    ///
    /// # Errors
    /// The build has no MPI, or MPI doesn't know the launcher.
    pub(crate) fn join(&self) -> Result<&dyn Communicator, CliError> {
        match self.launch {
            Some(launch) if launch.size > 1 => self.join_others(launch),
            _ => Ok(&Alone),
        }
    }

    #[cfg(feature = "mpi")]
    fn join_others(&self, launch: Launch) -> Result<&dyn Communicator, CliError> {
        if self.world.get().is_none() {
            let world = ae_mpi::World::join(launch).map_err(|error| {
                CliError::failure(Status::Usage, launch.launcher, error)
                    .hint("srun takes --mpi=pmix, or another that the MPI was built with; mpirun its own MPI's")
            })?;
            let _ = self.world.set(world);
            self.is_out_of_step.set(true);
            self.part();
        }
        Ok(self.communicator())
    }

    #[cfg(not(feature = "mpi"))]
    fn join_others(&self, launch: Launch) -> Result<&dyn Communicator, CliError> {
        Err(CliError::usage(
            "ae train",
            format!(
                "{} started {} processes, and this build of ae has no MPI to train one model in them",
                launch.launcher, launch.size
            ),
        )
        .hint("cargo build --release -p ae-cli --features mpi has it, and takes an MPI with its headers and libclang"))
    }

    /// The group that was joined; this process alone before that.
    pub(crate) fn communicator(&self) -> &dyn Communicator {
        #[cfg(feature = "mpi")]
        if let Some(world) = self.world.get() {
            return world;
        }
        &Alone
    }

    /// What rank 0 decides, on every rank: `text` is computed there alone.
    ///
    /// # Errors
    /// That of rank 0, which tells it.
    pub(crate) fn of_first(
        &self,
        text: impl FnOnce() -> Result<String, CliError>,
    ) -> Result<String, CliError> {
        let own = match self.rank() {
            0 => text(),
            _ => Ok(String::new()),
        };
        let own = self.together(own)?;
        let mut bytes = own.into_bytes();
        self.communicator().broadcast(&mut bytes);
        String::from_utf8(bytes)
            .map_err(|error| CliError::failure(Status::Internal, "the text of rank 0", error))
    }

    /// What each rank has, on every rank.
    pub(crate) fn gathered(&self, own: &[u8]) -> Vec<Vec<u8>> {
        let communicator = self.communicator();
        let size = communicator.size();
        // A float holds a byte, and half of a length, as it is.
        let halves = [own.len() >> 24, own.len() & 0xff_ffff].map(|half| half as f32);
        let mut lengths = vec![0.0; 2 * size];
        communicator.all_gather(&halves, &mut lengths, &vec![2; size]);
        let lengths: Vec<usize> = lengths
            .chunks_exact(2)
            .map(|halves| (halves[0] as usize) << 24 | halves[1] as usize)
            .collect();
        let own: Vec<f32> = own.iter().map(|&byte| byte.into()).collect();
        let mut gathered = vec![0.0; lengths.iter().sum()];
        communicator.all_gather(&own, &mut gathered, &lengths);
        let mut rest = &gathered[..];
        let take = |length| {
            let (bytes, others) = rest.split_at(length);
            rest = others;
            bytes.iter().map(|&byte| byte as u8).collect()
        };
        lengths.into_iter().map(take).collect()
    }

    /// What every rank has done, or why all end: the first that could not do its own tells it.
    ///
    /// # Errors
    /// This rank's, or where another has failed, one with its exit code.
    pub(crate) fn together<T>(&self, own: Result<T, CliError>) -> Result<T, CliError> {
        let communicator = self.communicator();
        let size = communicator.size();
        if size == 1 {
            return own;
        }
        let code = own.as_ref().err().map_or(0, |error| error.status().code());
        let mut codes = vec![0.0; size];
        communicator.all_gather(&[f32::from(code)], &mut codes, &vec![1; size]);
        let Some(first) = codes.iter().position(|&code| code > 0.0) else {
            return own;
        };
        self.end_together(first);
        let status = Status::of_code(codes[first] as u8);
        let of_another = || CliError::failure(status, format!("rank {first}"), "could not begin");
        Err(own.err().unwrap_or_else(of_another))
    }

    /// Trains, which may fail on one rank while the others wait for it, and where all stop together.
    ///
    /// # Errors
    /// The trainer's.
    pub(crate) fn in_step<T>(
        &self,
        train: impl FnOnce(&dyn Communicator) -> Result<T, TrainError>,
    ) -> Result<T, CliError> {
        train(self.communicator()).map_err(|error| {
            if let TrainError::Diverged(_)
            | TrainError::Ranks { .. }
            | TrainError::OtherRank { .. } = error
            {
                self.end_together(0);
            }
            error.into()
        })
    }

    /// Every rank ends now, and knows that the others do; `teller` says why.
    pub(crate) fn end_together(&self, teller: usize) {
        self.is_out_of_step.set(false);
        self.is_told_by_another.set(teller != self.rank());
    }

    /// Whether this rank is the one that tells an error.
    pub(crate) fn tells(&self) -> bool {
        !self.is_told_by_another.get()
    }

    /// The error with the rank that it is of, where it may be that of one alone.
    pub(crate) fn named(&self, error: CliError) -> CliError {
        match self.rank() {
            0 => error,
            rank => error.of(&format!("rank {rank}")),
        }
    }

    /// Leaves the group: ends the other ranks, too, where they wait for one that has failed.
    pub(crate) fn leave(self, status: Option<Status>) {
        #[cfg(feature = "mpi")]
        if let (Some(world), Some(status), true) =
            (self.world.get(), status, self.is_out_of_step.get())
        {
            world.abort(status.code());
        }
        #[cfg(not(feature = "mpi"))]
        let _ = status;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(rank: usize, size: usize) -> Ranks {
        let mut ranks = Ranks::of_process();
        ranks.launch = Some(Launch {
            rank,
            size,
            launcher: "mpirun",
        });
        ranks
    }

    #[test]
    fn a_command_for_one_process_is_refused_to_several() {
        let refused = ranks(1, 4).check_alone("eval").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "ae eval: mpirun started 4 processes of a command that takes one"
        );
        assert!(ranks(0, 1).check_alone("eval").is_ok());
        assert!(ranks(0, 1).join().is_ok());
    }

    #[test]
    fn alone_nothing_is_sent_and_every_error_told() {
        let ranks = ranks(0, 1);
        assert_eq!(ranks.of_first(|| Ok("text".to_owned())).unwrap(), "text");
        assert_eq!(ranks.gathered(&[0, 7, 255]), [vec![0, 7, 255]]);
        let failed: Result<(), _> = ranks.together(Err(CliError::usage("a", "b")));
        assert_eq!(failed.unwrap_err().to_string(), "a: b");
        assert!(ranks.tells());
    }

    #[cfg(not(feature = "mpi"))]
    #[test]
    fn a_build_without_mpi_says_so() {
        let ranks = ranks(0, 2);
        let refused = ranks.join().err().unwrap();
        let lines = refused.lines().join("\n");
        assert!(lines.contains("this build of ae has no MPI"), "{lines}");
        assert!(lines.contains("--features mpi"), "{lines}");
    }
}
