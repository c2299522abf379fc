//! Ranks as threads of one process, for tests.

use std::sync::{Barrier, Mutex};
use std::thread;

use crate::distributed::communicator::Communicator;

struct Shared {
    barrier: Barrier,
    slots: Vec<Mutex<Vec<u8>>>,
}

struct ThreadRank<'a> {
    rank: usize,
    shared: &'a Shared,
}

impl ThreadRank<'_> {
    /// What every rank has put down.
    fn exchange(&self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        *self.shared.slots[self.rank].lock().unwrap() = bytes;
        self.shared.barrier.wait();
        let all = self.shared.slots.iter();
        let all = all.map(|slot| slot.lock().unwrap().clone()).collect();
        self.shared.barrier.wait();
        all
    }
}

fn to_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn to_values(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks::<4>();
    values
        .iter()
        .map(|value| f32::from_le_bytes(*value))
        .collect()
}

impl Communicator for ThreadRank<'_> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.shared.slots.len()
    }

    fn all_to_all(
        &self,
        sent: &[f32],
        sent_counts: &[usize],
        received: &mut [f32],
        received_counts: &[usize],
    ) {
        assert_eq!(sent.len(), sent_counts.iter().sum::<usize>());
        let counts = sent_counts.iter().map(|&count| count as f32);
        let message: Vec<f32> = counts.chain(sent.iter().copied()).collect();
        let mut rest = received;
        for (message, expected) in self
            .exchange(to_bytes(&message))
            .iter()
            .zip(received_counts)
        {
            let message = to_values(message);
            let (counts, values) = message.split_at(self.size());
            let before: f32 = counts[..self.rank].iter().sum();
            let (own, others) = rest.split_at_mut(*expected);
            assert_eq!(counts[self.rank] as usize, *expected);
            own.copy_from_slice(&values[before as usize..][..*expected]);
            rest = others;
        }
    }

    fn all_gather(&self, own: &[f32], gathered: &mut [f32], counts: &[usize]) {
        assert_eq!(own.len(), counts[self.rank]);
        gathered.copy_from_slice(&to_values(&self.exchange(to_bytes(own)).concat()));
    }

    fn broadcast(&self, bytes: &mut Vec<u8>) {
        *bytes = self.exchange(bytes.clone()).swap_remove(0);
    }
}

/// What `run` gives on each of `size` ranks.
pub(crate) fn with_ranks<T: Send>(
    size: usize,
    run: impl Fn(&dyn Communicator) -> T + Sync,
) -> Vec<T> {
    let shared = Shared {
        barrier: Barrier::new(size),
        slots: (0..size).map(|_| Mutex::default()).collect(),
    };
    thread::scope(|scope| {
        let ranks: Vec<_> = (0..size)
            .map(|rank| {
                let (shared, run) = (&shared, &run);
                scope.spawn(move || run(&ThreadRank { rank, shared }))
            })
            .collect();
        let results = ranks.into_iter().map(|rank| rank.join().unwrap());
        results.collect()
    })
}
