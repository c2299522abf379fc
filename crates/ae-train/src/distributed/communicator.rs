//! What processes that train one model together say to each other.

/// The collective operations of a group of processes, *ranks*, that run the same program: MPI's, or any other's that has
/// them.
///
/// Every rank calls the same operations in the same order. An operation returns when this rank has what it needs; what
/// happens where another rank is gone is the implementation's: MPI ends the process.
///
/// [`Alone`] is a group of one, for which nothing is sent.
pub trait Communicator {
    /// This process's number, from 0.
    fn rank(&self) -> usize;

    /// How many processes there are.
    fn size(&self) -> usize;

    /// Gives every rank its own values of `sent`, and gets this rank's from every rank.
    ///
    /// # Shapes
    /// - `sent`: the values for rank 0, then those for rank 1 and so on, `sent_counts` of them each
    /// - `received`: likewise those from each rank, `received_counts` of them each
    fn all_to_all(
        &self,
        sent: &[f32],
        sent_counts: &[usize],
        received: &mut [f32],
        received_counts: &[usize],
    );

    /// Gives every rank what every rank has, in their order.
    ///
    /// # Shapes
    /// - `own`: this rank's values, `counts[rank]` of them
    /// - `gathered`: those of rank 0, then those of rank 1 and so on, `counts` of them each
    fn all_gather(&self, own: &[f32], gathered: &mut [f32], counts: &[usize]);

    /// Gives every rank the bytes that rank 0 has.
    fn broadcast(&self, bytes: &mut Vec<u8>);
}

/// A process that trains by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Communicator for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_to_all(&self, sent: &[f32], _: &[usize], received: &mut [f32], _: &[usize]) {
        received.copy_from_slice(sent);
    }

    fn all_gather(&self, own: &[f32], gathered: &mut [f32], _: &[usize]) {
        gathered.copy_from_slice(own);
    }

    fn broadcast(&self, _: &mut Vec<u8>) {}
}
