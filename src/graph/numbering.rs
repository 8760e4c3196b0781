//! Numbers for names, and how often a name was seen.

use crate::collected::collected;
use std::collections::HashMap;

/// Gives each name the next number when it is first seen.
#[derive(Default)]
pub(super) struct Numbering<'a> {
    numbers: HashMap<&'a str, u32>,
    /// By number.
    pub(super) names: Vec<&'a str>,
}

impl<'a> Numbering<'a> {
    #[inline(never)]
    pub(super) fn number(&mut self, name: &'a str) -> u32 {
        // INVARIANT: fewer than 2^32 names, because each takes at least 16 bytes of memory.
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.names.push(name);
        }
        number
    }

    pub(super) fn numbers_of(&mut self, names: &'a [String]) -> Vec<u32> {
        collected(names.iter().map(|name| self.number(name)))
    }
}

/// Counts.
#[derive(Default)]
pub(super) struct Tally<'a> {
    numbering: Numbering<'a>,
    counts: Vec<u32>,
}

impl<'a> Tally<'a> {
    /// How often `name` has been seen, this time included.
    pub(super) fn count(&mut self, name: &'a str) -> u32 {
        let number = self.numbering.number(name) as usize;
        if number == self.counts.len() {
            self.counts.push(0);
        }
        self.counts[number] += 1;
        self.counts[number]
    }
}
