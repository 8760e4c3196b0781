//! Who may run at once: the run's limit and each node's, over all graphs of the run. What is ready waits in the order in which graphs began,
//! then in task order; a task whose node is at its limit waits with that node. A back-off, a sleep and a sub-graph hold no slot of the run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that needs a slot: the start of an attempt, or the end of a sleep. Ordered by graph and task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Claim {
    /// Where the graph is.
    pub frame: u32,
    pub task: u32,
    pub token: u32,
    /// The sleep that ends; `u32::MAX` for the start of an attempt.
    pub sleep: u32,
}

/// What a task holds while it runs.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Its node, counted over all graphs.
    pub node: u32,
    /// Tasks of the node at once.
    pub limit: Option<u32>,
    /// It does not count for the run's limit.
    pub is_free: bool,
}

#[derive(Default)]
struct NodePool {
    running: u32,
    is_touched: bool,
    blocked: BinaryHeap<Reverse<Claim>>,
}

/// See the module's head.
pub struct Pool {
    limit: u32,
    running: u32,
    ready: BinaryHeap<Reverse<Claim>>,
    /// By node; as long as the highest node with a limit that ran.
    nodes: Vec<NodePool>,
    /// Those that are not as new.
    touched: Vec<usize>,
}

impl Pool {
    pub fn new(limit: Option<u32>) -> Self {
        Self { limit: limit.unwrap_or(u32::MAX), running: 0, ready: BinaryHeap::new(), nodes: Vec::new(), touched: Vec::new() }
    }

    /// A new step of the session's graph: nobody holds a slot.
    pub fn clear(&mut self) {
        self.running = 0;
        self.ready.clear();
        while let Some(index) = self.touched.pop() {
            self.nodes[index] = NodePool::default();
        }
    }

    pub fn claim(&mut self, claim: Claim) {
        self.ready.push(Reverse(claim));
    }

    /// The next that may have a slot; it has it then. `slot_of` gives none for what is void.
    pub fn grant(&mut self, slot_of: impl Fn(&Claim) -> Option<Slot>) -> Option<Claim> {
        loop {
            let Reverse(claim) = *self.ready.peek()?;
            let slot = slot_of(&claim);
            if self.running >= self.limit && slot.is_some_and(|slot| !slot.is_free) {
                return None;
            }
            self.ready.pop();
            let Some(slot) = slot else { continue };
            if let Some(limit) = slot.limit {
                let pool = self.limited(slot.node);
                if pool.running >= limit {
                    pool.blocked.push(Reverse(claim));
                    continue;
                }
                pool.running += 1;
            }
            self.running += u32::from(!slot.is_free);
            return Some(claim);
        }
    }

    fn limited(&mut self, node: u32) -> &mut NodePool {
        let index = node as usize;
        if self.nodes.len() <= index {
            self.nodes.resize_with(index + 1, NodePool::default);
        }
        if !std::mem::replace(&mut self.nodes[index].is_touched, true) {
            self.touched.push(index);
        }
        &mut self.nodes[index]
    }

    /// A slot is free again.
    pub fn release(&mut self, node: u32, is_free: bool) {
        self.running -= u32::from(!is_free);
        if let Some(pool) = self.nodes.get_mut(node as usize) {
            pool.running = pool.running.saturating_sub(1);
            if let Some(claim) = pool.blocked.pop() {
                self.ready.push(claim);
            }
        }
    }
}
