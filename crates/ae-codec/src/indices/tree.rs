//! What chooses the table of a digit: questions about what is known before it.

use crate::entropy::FrequencyTable;

/// What a digit's table is chosen by, at a place.
///
/// Their numbers, `d` being the digits of an index: of the places to the left, above, above to the left and above to the
/// right, `4d` in this order, a digit and 1 more, or 0 outside the grid; then the `d` digits at the place itself, of which
/// only those before the digit are known; the row; the column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features {
    digits: usize,
}

/// Questions that lead to a table, at most: what a digit takes of time.
const MOST_QUESTIONS: usize = 1024;

/// Places around one whose digits are known.
pub(crate) const AROUND: usize = 4;

impl Features {
    pub(crate) const fn new(digits: usize) -> Self {
        Self { digits }
    }

    /// How many there are.
    pub(crate) const fn count(self) -> usize {
        (AROUND + 1) * self.digits + 2
    }

    /// The first of the digits at the place itself.
    pub(crate) const fn own(self) -> usize {
        AROUND * self.digits
    }

    /// That of the row; the column's follows.
    pub(crate) const fn row(self) -> usize {
        (AROUND + 1) * self.digits
    }

    /// Whether it is known before a digit.
    pub(crate) const fn is_known(self, feature: usize, digit: usize) -> bool {
        feature < self.own() + digit || (self.row() <= feature && feature < self.count())
    }
}

/// A node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    /// A question: where the feature is below the threshold the next node follows, else the one named.
    Question {
        feature: u16,
        threshold: u16,
        otherwise: u32,
    },
    /// The number of the table.
    Table(u32),
}

/// Questions, each node before those that follow from it, and the tables that they end in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    tables: Vec<FrequencyTable>,
}

/// A tree that is put together node by node: each question's first answer follows it, and then the other.
#[derive(Debug)]
pub(crate) struct TreeBuilder {
    nodes: Vec<Node>,
    tables: Vec<FrequencyTable>,
    /// Questions whose other answer is still to come, each with the number of those before it.
    open: Vec<(usize, usize)>,
    /// Questions that lead to the next node.
    depth: usize,
    is_whole: bool,
}

impl TreeBuilder {
    pub(crate) const fn new() -> Self {
        Self {
            nodes: Vec::new(),
            tables: Vec::new(),
            open: Vec::new(),
            depth: 0,
            is_whole: false,
        }
    }

    /// How many nodes there are so far.
    pub(crate) const fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the next node may be a question: a table is found by few.
    pub(crate) const fn may_ask(&self) -> bool {
        self.depth < MOST_QUESTIONS
    }

    /// Whether nothing more can follow.
    pub(crate) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    pub(crate) fn question(&mut self, feature: u16, threshold: u16) {
        self.open.push((self.nodes.len(), self.depth));
        self.depth += 1;
        self.nodes.push(Node::Question {
            feature,
            threshold,
            otherwise: 0,
        });
    }

    pub(crate) fn table(&mut self, table: FrequencyTable) {
        self.nodes.push(Node::Table(self.tables.len() as u32));
        self.tables.push(table);
        let next = self.nodes.len() as u32;
        match self.open.pop() {
            None => self.is_whole = true,
            Some((question, depth)) => {
                self.depth = depth + 1;
                if let Node::Question { otherwise, .. } = &mut self.nodes[question] {
                    *otherwise = next;
                }
            }
        }
    }

    /// The tree, where it is whole.
    pub(crate) fn finish(self) -> Option<Tree> {
        self.is_whole.then_some(Tree {
            nodes: self.nodes,
            tables: self.tables,
        })
    }
}

impl Tree {
    /// The table where the features are these.
    #[inline]
    pub(crate) fn table(&self, features: &[u16]) -> &FrequencyTable {
        let mut node = 0;
        loop {
            // Each node names later ones, so that this ends.
            match self.nodes[node] {
                Node::Table(table) => return &self.tables[table as usize],
                Node::Question {
                    feature,
                    threshold,
                    otherwise,
                } => {
                    node = match features[usize::from(feature)] < threshold {
                        true => node + 1,
                        false => otherwise as usize,
                    };
                }
            }
        }
    }

    /// The nodes in their order, each with its table where it has one.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (Node, Option<&FrequencyTable>)> {
        self.nodes.iter().map(|&node| match node {
            Node::Table(table) => (node, self.tables.get(table as usize)),
            Node::Question { .. } => (node, None),
        })
    }

    /// How many tables there are.
    pub(crate) fn tables(&self) -> usize {
        self.tables.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(first: u32) -> FrequencyTable {
        FrequencyTable::new(&[first, FrequencyTable::TOTAL - first]).unwrap()
    }

    #[test]
    fn questions_lead_to_their_tables() {
        let mut builder = TreeBuilder::new();
        builder.question(0, 5);
        builder.question(1, 2);
        builder.table(table(1));
        builder.table(table(2));
        assert!(!builder.is_whole());
        builder.question(1, 7);
        builder.table(table(3));
        builder.table(table(4));
        assert!(builder.is_whole());
        let tree = builder.finish().unwrap();
        for (features, first) in [([0, 0], 1), ([4, 2], 2), ([5, 6], 3), ([9, 7], 4)] {
            assert_eq!(tree.table(&features).frequency(0), first, "{features:?}");
        }
        assert_eq!(tree.nodes().count(), 7);
        let mut builder = TreeBuilder::new();
        builder.question(0, 5);
        builder.table(table(1));
        assert!(builder.finish().is_none());
    }

    #[test]
    fn a_table_is_found_by_few_questions() {
        // A chain through first answers, and one through the others.
        for is_first in [true, false] {
            let mut builder = TreeBuilder::new();
            for _ in 0..MOST_QUESTIONS {
                assert!(builder.may_ask());
                builder.question(0, 5);
                if !is_first {
                    builder.table(table(1));
                }
            }
            assert!(!builder.may_ask(), "{is_first}");
            builder.table(table(2));
            assert!(is_first != builder.is_whole());
        }
    }

    #[test]
    fn a_digit_is_not_chosen_by_itself_nor_by_later_ones() {
        let features = Features::new(3);
        let known = |digit| -> Vec<usize> {
            let all = 0..features.count() + 3;
            all.filter(|&feature| features.is_known(feature, digit))
                .collect()
        };
        let before: Vec<usize> = (0..12).collect();
        assert_eq!(known(0), [&before[..], &[15, 16]].concat());
        assert_eq!(known(2), [&before[..], &[12, 13, 15, 16]].concat());
    }
}
