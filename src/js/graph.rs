//! Definitions in, problems, drawings and compiled graphs out.

use super::flat::Flat;
use super::plain::array;
use crate::collected::collected;
use crate::graph::{self, Definition, Direction, NodeId, Problem, Program};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A compiled graph.
#[wasm_bindgen]
pub struct RawGraph {
    pub(super) program: Rc<Program>,
    definition: Definition,
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
    pub fn validate(texts: Vec<String>, numbers: Vec<f64>) -> JsValue {
        write(&graph::validate(&Flat::new(texts, numbers).definition()))
    }

    /// Node ids in topological order.
    #[wasm_bindgen(js_name = topologicalSort)]
    pub fn topological_sort(texts: Vec<String>, numbers: Vec<f64>) -> Vec<String> {
        graph::topological_sort(&Flat::new(texts, numbers).definition())
    }

    /// Compiles a definition.
    ///
    /// # Errors
    /// The list of problems.
    pub fn compile(texts: Vec<String>, numbers: Vec<f64>) -> Result<RawGraph, JsValue> {
        let definition = Flat::new(texts, numbers).definition();
        match Program::compile(&definition) {
            Ok(program) => Ok(Self { program: Rc::new(program), definition }),
            Err(problems) => Err(write(&problems)),
        }
    }

    /// 16 hexadecimal digits.
    pub fn hash(&self) -> String {
        graph::hash_text(self.program.hash)
    }

    /// Node, plain and join edge, and conditional edge counts.
    pub fn counts(&self) -> Vec<u32> {
        let metadata = self.program.metadata();
        vec![metadata.node_count as u32, metadata.edge_count as u32, metadata.conditional_edge_count as u32]
    }

    /// Mermaid text; `TB` or `LR`.
    #[wasm_bindgen(js_name = toMermaid)]
    pub fn to_mermaid(&self, is_left_to_right: bool) -> String {
        graph::to_mermaid(&self.definition, if is_left_to_right { Direction::LeftRight } else { Direction::TopBottom })
    }

    /// The labels that a route may return; none for an open one.
    #[wasm_bindgen(js_name = routeLabels)]
    pub fn route_labels(&self, route: u32) -> Vec<String> {
        self.route(route).map_or_else(Vec::new, |route| collected(route.targets.iter().map(|(label, _)| String::from(&**label))))
    }

    /// The nodes that the labels stand for.
    #[wasm_bindgen(js_name = routeNodes)]
    pub fn route_nodes(&self, route: u32) -> Vec<u32> {
        self.route(route).map_or_else(Vec::new, |route| collected(route.targets.iter().map(|(_, NodeId(node))| *node)))
    }

    /// Whether a route may return its labels only.
    #[wasm_bindgen(js_name = isRouteClosed)]
    pub fn is_route_closed(&self, route: u32) -> bool {
        self.route(route).is_some_and(|route| route.is_closed)
    }

    fn route(&self, route: u32) -> Option<&graph::Route> {
        self.program.routes.get(route as usize)
    }
}
