//! Who may run at once: the run's limit and each node's. What is ready waits in task order; a task whose node is at its limit waits
//! with that node. A back-off and a sleep hold no slot.

use crate::graph::NodeId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that needs a slot: the start of an attempt, or the end of a sleep. Ordered by task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Claim {
    pub task: u32,
    pub token: u32,
    /// The sleep that ends; `u32::MAX` for the start of an attempt.
    pub sleep: u32,
}

#[derive(Default)]
struct NodePool {
    running: u32,
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

    /// A new step: nobody holds a slot.
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

    /// The next that may have a slot; it has it then.
    pub fn grant(&mut self, node_of: impl Fn(u32) -> (NodeId, Option<u32>)) -> Option<Claim> {
        while self.running < self.limit {
            let Reverse(claim) = self.ready.pop()?;
            let (node, limit) = node_of(claim.task);
            if let Some(limit) = limit {
                let pool = self.limited(node);
                if pool.running >= limit {
                    pool.blocked.push(Reverse(claim));
                    continue;
                }
                pool.running += 1;
            }
            self.running += 1;
            return Some(claim);
        }
        None
    }

    fn limited(&mut self, node: NodeId) -> &mut NodePool {
        let index = node.0 as usize;
        if self.nodes.len() <= index {
            self.nodes.resize_with(index + 1, NodePool::default);
        }
        if self.nodes[index].running == 0 {
            self.touched.push(index);
        }
        &mut self.nodes[index]
    }

    /// A slot is free again.
    pub fn release(&mut self, node: NodeId) {
        self.running -= 1;
        if let Some(pool) = node.index().and_then(|index| self.nodes.get_mut(index)) {
            pool.running = pool.running.saturating_sub(1);
            if let Some(claim) = pool.blocked.pop() {
                self.ready.push(claim);
            }
        }
    }
}
