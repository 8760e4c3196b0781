//! Numbers for names, and how often a name was seen.

use super::hash::fnv1a;
use crate::collected::collected;

/// Gives each name the next number when it is first seen. An open-addressed table with linear probing, at most half full; a
/// standard hash map is 1.5 KB (compressed) larger.
#[derive(Default)]
pub(super) struct Numbering<'a> {
    /// One more than the number of the name that stands here, 0 where none does. As many as a power of two.
    slots: Vec<u32>,
    /// By number.
    pub(super) names: Vec<&'a str>,
}

impl<'a> Numbering<'a> {
    #[inline(never)]
    pub(super) fn number(&mut self, name: &'a str) -> u32 {
        if self.slots.len() <= 2 * self.names.len() {
            self.slots = vec![0; (4 * self.names.len()).next_power_of_two().max(16)];
            for number in 0..self.names.len() {
                let slot = self.slot(self.names[number]);
                self.slots[slot] = number as u32 + 1;
            }
        }
        let slot = self.slot(name);
        if self.slots[slot] == 0 {
            // INVARIANT: fewer than 2^32 names, because each takes at least 16 bytes of memory.
            self.names.push(name);
            self.slots[slot] = self.names.len() as u32;
        }
        self.slots[slot] - 1
    }

    /// Where `name` stands, or would.
    #[inline(never)]
    fn slot(&self, name: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = fnv1a(name.as_bytes()) as usize & mask;
        while self.slots[slot] > 0 && self.names[self.slots[slot] as usize - 1] != name {
            slot = (slot + 1) & mask;
        }
        slot
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
