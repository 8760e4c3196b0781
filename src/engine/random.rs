//! Numbers that look random and are the same for the same seed: SplitMix64 (Steele, Lea, Flood 2014).

/// A generator.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Of one attempt: the seed mixed with step, node name, task and attempt, so that neither the order of calls nor the order in
    /// which nodes were added matters.
    pub fn of_attempt(seed: u64, step: u32, node: &str, task: u32, attempt: u32) -> Self {
        let name = crate::graph::fnv1a(node.as_bytes());
        let mut random = Self(seed);
        for part in [u64::from(step), name, u64::from(task), u64::from(attempt)] {
            random.0 = random.next() ^ part;
        }
        random
    }

    /// 64 of them.
    pub fn bits(mut self) -> u64 {
        self.next()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In 0..1, with 53 random bits.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}
