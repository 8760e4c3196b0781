//! A directed graph over numbers, packed: the arcs of a vertex are one slice, in the order in which they were given.

/// A vertex; see `Outline` for what the numbers stand for.
pub(super) type Vertex = u32;

/// All arcs `from -> to` of a fixed number of vertices.
pub(super) struct Arcs {
    /// `targets[offsets[v]..offsets[v + 1]]` are those of `v`.
    offsets: Vec<u32>,
    targets: Vec<Vertex>,
}

impl Arcs {
    /// Every vertex of `pairs` is below `count`.
    pub(super) fn new(count: usize, pairs: &[(Vertex, Vertex)]) -> Self {
        let mut offsets = vec![0_u32; count + 1];
        for (from, _) in pairs {
            offsets[*from as usize + 1] += 1;
        }
        for vertex in 0..count {
            offsets[vertex + 1] += offsets[vertex];
        }
        let mut next = offsets.clone();
        let mut targets = vec![0; pairs.len()];
        for (from, to) in pairs {
            targets[next[*from as usize] as usize] = *to;
            next[*from as usize] += 1;
        }
        Self { offsets, targets }
    }

    /// How many vertices there are.
    pub(super) fn count(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Where the arcs of `vertex` lead.
    pub(super) fn of(&self, vertex: Vertex) -> &[Vertex] {
        &self.targets[self.offsets[vertex as usize] as usize..self.offsets[vertex as usize + 1] as usize]
    }

    /// For each vertex whether it can be reached from one of `roots`, which count as reached.
    pub(super) fn reached_from(&self, mut roots: Vec<Vertex>) -> Vec<bool> {
        let mut reached = vec![false; self.count()];
        for root in &roots {
            reached[*root as usize] = true;
        }
        while let Some(vertex) = roots.pop() {
            for target in self.of(vertex) {
                if !std::mem::replace(&mut reached[*target as usize], true) {
                    roots.push(*target);
                }
            }
        }
        reached
    }
}
