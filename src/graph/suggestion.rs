//! The registered name that a mistyped one was probably meant to be.

use super::arcs::Vertex;
use super::outline::{END_VERTEX, Outline, START_VERTEX};
use crate::collected::collected;

/// Longer names are compared by their case only.
const MAX_BYTES: usize = 60;

/// Finds close names within a fixed amount of work, so that many unknown names in a large graph stay cheap.
pub(super) struct Suggestions {
    comparisons_left: usize,
}

impl Suggestions {
    pub(super) fn new() -> Self {
        Self { comparisons_left: 200_000 }
    }

    /// The first of the closest registered names, if one is close enough to be a slip. `'START'` and `'end'` are slips for
    /// the constants.
    pub(super) fn closest(&mut self, name: &str, outline: &Outline) -> Option<Vertex> {
        if self.comparisons_left < outline.known as usize {
            return None;
        }
        self.comparisons_left -= outline.known as usize;
        let is_same = |vertex: &Vertex| outline.name(*vertex).eq_ignore_ascii_case(name);
        if let Some(vertex) = outline.node_vertices().find(is_same) {
            return Some(vertex);
        }
        let mut word = name.as_bytes();
        while let [b'_', rest @ ..] | [rest @ .., b'_'] = word {
            word = rest;
        }
        if word.eq_ignore_ascii_case(b"start") {
            return Some(START_VERTEX);
        }
        if word.eq_ignore_ascii_case(b"end") {
            return Some(END_VERTEX);
        }
        by_distance(name, outline)
    }
}

fn by_distance(name: &str, outline: &Outline) -> Option<Vertex> {
    // One letter for another is a slip in a long name, but another name where there are only one or two.
    let mut limit = (name.len() / 3).min(3);
    if name.len() > MAX_BYTES {
        return None;
    }
    let mut best = None;
    for vertex in outline.node_vertices() {
        let candidate = outline.name(vertex);
        if limit == 0 {
            break;
        }
        if candidate.len().abs_diff(name.len()) <= limit {
            let distance = edit_distance(name.as_bytes(), candidate.as_bytes());
            if distance <= limit {
                best = Some(vertex);
                limit = distance - 1;
            }
        }
    }
    best
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment), in bytes.
fn edit_distance(left: &[u8], right: &[u8]) -> usize {
    let width = right.len() + 1;
    // `table[row * width + column]`: from the first `row` bytes of `left` to the first `column` bytes of `right`.
    let mut table = collected(0..width);
    for (row, a) in left.iter().enumerate() {
        table.push(row + 1);
        for (column, b) in right.iter().enumerate() {
            let above = row * width + column;
            let mut cost = table[above] + usize::from(a != b);
            cost = cost.min(table[above + 1] + 1).min(table[above + width] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                cost = cost.min(table[above - width - 1] + 1);
            }
            table.push(cost);
        }
    }
    table[left.len() * width + right.len()]
}
