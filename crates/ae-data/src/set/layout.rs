//! How a source's files lie, and which of them are no part of the set.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was recognized in a source, and what was left aside.
///
/// As text it is the one line that commands print after `layout: `.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// What the source's files and folders were taken for; empty where there is nothing to tell.
    pub recognized: String,
    /// Files and folders that are no part of the set, counted by the reason.
    pub left_aside: Vec<LeftAside>,
    /// What was found out of the range of pictures deeper than 8 bits, what is lost of transparent ones, and what of shards means
    /// nothing where they are streamed, a sentence each.
    pub values: Vec<String>,
}

/// Files or folders that are no part of a set, for one reason; as text, `3 .txt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftAside {
    /// What they are and why they are left aside, as in `.txt` or `pictures beside the parts`.
    pub what: String,
    /// How many of them there are.
    pub count: usize,
}

impl Layout {
    /// A layout of which nothing was left aside.
    #[must_use]
    pub fn recognized(what: impl Into<String>) -> Self {
        Self {
            recognized: what.into(),
            left_aside: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Adds what was left aside, kept in the order of its names, and found out in another part of the same set.
    pub(crate) fn add(&mut self, other: Self) {
        for aside in other.left_aside {
            let mut known = self.left_aside.iter_mut();
            match known.find(|known| known.what == aside.what) {
                Some(known) => known.count += aside.count,
                None => self.left_aside.push(aside),
            }
        }
        self.left_aside
            .sort_by(|one, other| one.what.cmp(&other.what));
        for sentence in other.values {
            if !self.values.contains(&sentence) {
                self.values.push(sentence);
            }
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.recognized)?;
        for (index, aside) in self.left_aside.iter().enumerate() {
            formatter.write_str(if index == 0 { "; left aside: " } else { ", " })?;
            write!(formatter, "{aside}")?;
        }
        Ok(())
    }
}

impl fmt::Display for LeftAside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.count, self.what)
    }
}
