//! Definitions in, problems, drawings and compiled graphs out.

use super::flat::{Flat, lend, reserve};
use super::plain::{Returned, array};
use crate::graph::{self, Direction, NodeId, Problem, Program};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A compiled graph.
#[wasm_bindgen]
pub struct RawGraph {
    pub(super) program: Rc<Program>,
}

/// Problems as `[code, message, nodes]`.
fn write(problems: &[Problem]) -> JsValue {
    array(problems.iter().map(|problem| {
        let nodes = array(problem.nodes.iter().map(|node| node.into()));
        array([problem.code.as_str().into(), problem.message.as_str().into(), nodes].into_iter())
    }))
}

#[wasm_bindgen]
impl RawGraph {
    /// Every problem of a definition (see `flat`), as `[code, message, nodes]`.
    pub fn validate(joined: String, lengths: Vec<f64>, numbers: Vec<f64>) -> Returned {
        Ok(write(&graph::validate(&Flat::new(joined, lengths, numbers).definition())))
    }

    /// Node ids in topological order.
    #[wasm_bindgen(js_name = topologicalSort)]
    pub fn topological_sort(joined: String, lengths: Vec<f64>, numbers: Vec<f64>) -> Returned {
        Ok(array(graph::topological_sort(&Flat::new(joined, lengths, numbers).definition()).iter().map(JsValue::from)))
    }

    /// Compiles a definition.
    ///
    /// # Errors
    /// The list of problems.
    pub fn compile(joined: String, lengths: Vec<f64>, numbers: Vec<f64>) -> Result<RawGraph, JsValue> {
        let texts = lengths.len();
        let definition = Rc::new(Flat::new(joined, lengths, numbers).definition());
        reserve(texts);
        match Program::compile_shared(definition) {
            Ok(program) => Ok(Self { program: Rc::new(program) }),
            Err(problems) => Err(write(&problems)),
        }
    }

    /// Makes it a sub-graph of the definition that is validated or compiled next.
    pub fn lend(&self) {
        lend(&self.program);
    }

    /// The hash (16 hexadecimal digits), and how many nodes, plain and join edges, and conditional edges there are.
    pub fn facts(&self) -> Returned {
        let metadata = self.program.metadata();
        let counts = [metadata.node_count, metadata.edge_count, metadata.conditional_edge_count];
        let hash = JsValue::from(graph::hash_text(self.program.hash));
        Ok(array([hash].into_iter().chain(counts.map(|count| JsValue::from(count as u32)))))
    }

    /// Mermaid text; `TB` or `LR`.
    #[wasm_bindgen(js_name = toMermaid)]
    pub fn to_mermaid(&self, is_left_to_right: bool) -> String {
        graph::to_mermaid(&self.program.definition, if is_left_to_right { Direction::LeftRight } else { Direction::TopBottom })
    }

    /// Text in DOT.
    #[wasm_bindgen(js_name = toDot)]
    pub fn to_dot(&self) -> String {
        graph::to_dot(&self.program.definition)
    }

    /// The labels that a route may return and the nodes that they stand for, in turn; `undefined` for a route that may return any node.
    pub fn route(&self, route: u32) -> Returned {
        let Some(route) = self.program.routes.get(route as usize).filter(|route| route.is_closed) else { return Ok(JsValue::UNDEFINED) };
        Ok(array(route.targets.iter().flat_map(|(label, NodeId(node))| [JsValue::from(&**label), JsValue::from(*node)])))
    }
}
