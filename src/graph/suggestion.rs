//! The registered name that a mistyped one was probably meant to be.

use super::arcs::Vertex;
use super::outline::{END_VERTEX, Outline, START_VERTEX};

/// Longer names are compared by their case only.
const MAX_CHARS: usize = 60;

/// Finds close names within a fixed amount of work, so that many unknown names in a large graph stay cheap.
pub(super) struct Suggestions {
    comparisons_left: usize,
}

impl Suggestions {
    pub(super) fn new() -> Self {
        Self {
            comparisons_left: 200_000,
        }
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
        let word = name.trim_matches('_');
        if word.eq_ignore_ascii_case("start") {
            return Some(START_VERTEX);
        }
        if word.eq_ignore_ascii_case("end") {
            return Some(END_VERTEX);
        }
        by_distance(name, outline)
    }
}

fn by_distance(name: &str, outline: &Outline) -> Option<Vertex> {
    let wanted: Vec<char> = name.chars().take(MAX_CHARS + 1).collect();
    // One letter for another is a slip in a long name, but another name where there are only one or two.
    let mut limit = (wanted.len() / 3).min(3);
    if wanted.len() > MAX_CHARS {
        return None;
    }
    let mut best = None;
    let max_bytes_apart = 4 * limit;
    for vertex in outline.node_vertices() {
        let candidate = outline.name(vertex);
        if limit == 0 {
            break;
        }
        if candidate.len().abs_diff(name.len()) > max_bytes_apart {
            continue;
        }
        let chars: Vec<char> = candidate.chars().collect();
        let distance = edit_distance(&wanted, &chars);
        if distance <= limit {
            best = Some(vertex);
            limit = distance - 1;
        }
    }
    best
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn edit_distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let mut cost = (last[column] + usize::from(a != b))
                .min(last[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                cost = cost.min(before_last[column - 1] + 1);
            }
            current.push(cost);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}
