//! One sort for the whole box, over positions. Our own, because it takes 0.5 KB of wasm and an instance of the standard
//! one 9 KB; stable, so that equal positions keep their order; nothing here is sorted often.

use crate::collected::collected;
use std::cmp::Ordering;

/// A merge sort from the bottom up: runs of `width` are sorted, then merged in pairs. Two runs that are in order already
/// are left alone, so sorted input takes linear time.
#[inline(never)]
fn sort(positions: &mut [u32], compare: &dyn Fn(u32, u32) -> Ordering) {
    let mut left: Vec<u32> = Vec::with_capacity(positions.len() / 2 + 1);
    let mut width = 1;
    while width < positions.len() {
        for pair in positions.chunks_mut(2 * width) {
            if pair.len() <= width || compare(pair[width - 1], pair[width]).is_le() {
                continue;
            }
            left.clear();
            left.extend_from_slice(&pair[..width]);
            let (mut next, mut right) = (0, width);
            // Once the left run is used up, the rest of the right one is in place.
            while next < left.len() {
                let at = next + right - width;
                if right == pair.len() || compare(left[next], pair[right]).is_le() {
                    pair[at] = left[next];
                    next += 1;
                } else {
                    pair[at] = pair[right];
                    right += 1;
                }
            }
        }
        width *= 2;
    }
}

/// The positions of `count` items in their order; of equal items the earlier one comes first.
pub(crate) fn sorted_positions(count: usize, compare: &dyn Fn(u32, u32) -> Ordering) -> Vec<u32> {
    let mut positions = collected(0..count as u32);
    sort(&mut positions, compare);
    positions
}

/// Numbers in ascending order, each once.
pub(super) fn sorted_set(numbers: &[u32]) -> Vec<u32> {
    let mut sorted = numbers.to_vec();
    sort(&mut sorted, &|left, right| left.cmp(&right));
    let mut set = Vec::with_capacity(sorted.len());
    for number in sorted {
        if set.last() != Some(&number) {
            set.push(number);
        }
    }
    set
}
