//! Sums over the parts of a batch, added up in one order, whoever has computed which part.
//!
//! The parts are the leaves of a binary tree; a sum is that of its two halves, the lower one first. Where a rank has both
//! halves it adds them by itself, so that few sums are sent: of as many parts as a power of two on as many ranks as another,
//! one each. Who adds what changes no bit, as every addition is between the same two numbers.
//!
//! # References
//! The exchange is the all-reduce of R. Rabenseifner (2004), *Optimization of collective reduction operations*, section 3:
//! each rank adds up a slice of the values and gives it to all; here every slice by the same tree.

use std::ops::Range;

use crate::distributed::communicator::Communicator;

/// A place in the tree: the parts from `index << level` on, `1 << level` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    level: u32,
    index: usize,
}

/// The sums of a rank's parts, as far as they add up to nodes of the tree.
#[derive(Debug, Default)]
pub(crate) struct PartialSums {
    nodes: Vec<(Node, Vec<f32>)>,
}

impl PartialSums {
    /// Adds the values of the next part: parts come in their order.
    pub(crate) fn push(&mut self, part: usize, values: Vec<f32>) {
        let mut node = Node {
            level: 0,
            index: part,
        };
        let mut values = values;
        // A node with an odd index completes the one before it.
        while node.index % 2 == 1 {
            let before = Node {
                index: node.index - 1,
                ..node
            };
            match self.nodes.pop_if(|(last, _)| *last == before) {
                Some((_, mut sum)) => {
                    add(&mut sum, &values);
                    values = sum;
                    node = Node {
                        level: node.level + 1,
                        index: node.index / 2,
                    };
                }
                None => break,
            }
        }
        self.nodes.push((node, values));
    }
}

/// The nodes that a rank with these parts has when all are pushed.
fn nodes_of(parts: Range<usize>) -> Vec<Node> {
    let (mut start, end) = (parts.start, parts.end);
    let mut nodes = Vec::new();
    while start < end {
        let longest = (end - start).ilog2();
        let level = match start {
            0 => longest,
            _ => start.trailing_zeros().min(longest),
        };
        nodes.push(Node {
            level,
            index: start >> level,
        });
        start += 1 << level;
    }
    nodes
}

/// The values of every part added up, from the nodes of all ranks: in `sum`, by the tree over `parts` parts.
fn add_up(parts: usize, nodes: &[(Node, &[f32])], sum: &mut [f32]) {
    let root = Node {
        level: parts.next_power_of_two().ilog2(),
        index: 0,
    };
    add_up_node(parts, nodes, root, sum);
}

fn add_up_node(parts: usize, nodes: &[(Node, &[f32])], node: Node, sum: &mut [f32]) {
    if let Some((_, values)) = nodes.iter().find(|(other, _)| *other == node) {
        return sum.copy_from_slice(values);
    }
    let level = node
        .level
        .checked_sub(1)
        .expect("every part was computed by a rank");
    let half = |index| Node { level, index };
    add_up_node(parts, nodes, half(2 * node.index), sum);
    let upper = half(2 * node.index + 1);
    if upper.index << level < parts {
        let mut values = vec![0.0; sum.len()];
        add_up_node(parts, nodes, upper, &mut values);
        add(sum, &values);
    }
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

/// The values of all parts of a batch added up, the same bits on every rank, and whether any rank has raised its `flag`.
///
/// `of_rank` says which parts a rank has, `own` has this rank's, and `length` is how many values each part has.
pub(crate) fn all_reduce(
    communicator: &dyn Communicator,
    parts: usize,
    of_rank: impl Fn(usize) -> Range<usize>,
    own: &PartialSums,
    length: usize,
    flag: bool,
) -> (Vec<f32>, bool) {
    let (rank, size) = (communicator.rank(), communicator.size());
    let mut sum = vec![0.0; length];
    if size == 1 {
        let nodes = own.nodes.iter().map(|(node, values)| (*node, &values[..]));
        add_up(parts, &nodes.collect::<Vec<_>>(), &mut sum);
        return (sum, flag);
    }
    let slice = |rank: usize| rank * length / size..(rank + 1) * length / size;
    let nodes: Vec<Vec<Node>> = (0..size).map(|rank| nodes_of(of_rank(rank))).collect();

    // The flag travels with the values: to send it by itself would take as long once more.
    let mut sent = Vec::with_capacity(own.nodes.len() * length + size);
    for other in 0..size {
        sent.push(f32::from(u8::from(flag)));
        for (_, values) in &own.nodes {
            sent.extend_from_slice(&values[slice(other)]);
        }
    }
    let count = |of: usize, to: usize| 1 + nodes[of].len() * slice(to).len();
    let sent_counts: Vec<usize> = (0..size).map(|to| count(rank, to)).collect();
    let received_counts: Vec<usize> = (0..size).map(|of| count(of, rank)).collect();
    let mut received = vec![0.0; received_counts.iter().sum()];
    communicator.all_to_all(&sent, &sent_counts, &mut received, &received_counts);

    let mut flags = false;
    let mut of_slice = Vec::new();
    let mut rest = &received[..];
    for nodes in &nodes {
        let (raised, values) = rest.split_at(1);
        flags |= raised[0] > 0.0;
        rest = values;
        for &node in nodes {
            let (values, others) = rest.split_at(slice(rank).len());
            of_slice.push((node, values));
            rest = others;
        }
    }
    let mut own_slice = vec![0.0; slice(rank).len()];
    add_up(parts, &of_slice, &mut own_slice);
    let counts: Vec<usize> = (0..size).map(|rank| slice(rank).len()).collect();
    communicator.all_gather(&own_slice, &mut sum, &counts);
    (sum, flags)
}

#[cfg(test)]
mod tests {
    use ae_random::{Draw, Purpose};

    use super::*;
    use crate::distributed::batch_parts::BatchParts;
    use crate::distributed::communicator::Alone;
    use crate::distributed::threads::with_ranks;

    /// Values whose sum depends on the order in which they are added.
    fn values(part: usize, length: usize) -> Vec<f32> {
        let draw = Draw {
            seed: 1,
            purpose: Purpose::Display,
            epoch: 0,
            index: part as u64,
        };
        let mut stream = draw.stream();
        (0..length)
            .map(|_| (stream.uniform() - 0.5) * 10_f32.powi((stream.uniform() * 8.0) as i32))
            .collect()
    }

    /// The definition: halves of the next power of two, the lower one first.
    fn by_halves(from: usize, width: usize, parts: usize, length: usize) -> Option<Vec<f32>> {
        if from >= parts {
            return None;
        }
        if width == 1 {
            return Some(values(from, length));
        }
        let lower = by_halves(from, width / 2, parts, length)?;
        Some(
            match by_halves(from + width / 2, width / 2, parts, length) {
                Some(upper) => lower.iter().zip(&upper).map(|(a, b)| a + b).collect(),
                None => lower,
            },
        )
    }

    fn sums(batch: BatchParts, communicator: &dyn Communicator, length: usize) -> (Vec<f32>, bool) {
        let (rank, size) = (communicator.rank(), communicator.size());
        let mut own = PartialSums::default();
        for part in batch.of_rank(rank, size) {
            own.push(part, values(part, length));
        }
        let kept: Vec<Node> = own.nodes.iter().map(|(node, _)| *node).collect();
        assert_eq!(kept, nodes_of(batch.of_rank(rank, size)));
        let of_rank = |rank| batch.of_rank(rank, size);
        let flag = rank == 2;
        all_reduce(communicator, batch.count(), of_rank, &own, length, flag)
    }

    #[test]
    fn every_number_of_ranks_adds_in_the_same_order() {
        for parts in [1, 2, 3, 5, 7, 8, 11, 16] {
            let batch = BatchParts::new(parts, parts);
            for length in [1, 3, 1000] {
                let width = parts.next_power_of_two();
                let expected = by_halves(0, width, parts, length).unwrap();
                assert_eq!(sums(batch, &Alone, length), (expected.clone(), false));
                for size in [2, 3, 4, 5, 8, 9] {
                    let results =
                        with_ranks(size, |communicator| sums(batch, communicator, length));
                    for result in results {
                        assert_eq!(result, (expected.clone(), size > 2), "{parts} on {size}");
                    }
                }
            }
        }
        let in_a_row = (1..8).fold(values(0, 1000), |mut sum, part| {
            add(&mut sum, &values(part, 1000));
            sum
        });
        assert_ne!(
            by_halves(0, 8, 8, 1000).unwrap(),
            in_a_row,
            "the order shows"
        );
    }
}
