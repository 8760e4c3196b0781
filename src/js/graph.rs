//! Definitions in, problems, drawings and compiled graphs out.

use crate::graph::{self, Definition, Direction, NodeId, Program};
use serde::Serialize;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A compiled graph.
#[wasm_bindgen]
pub struct RawGraph {
    pub(super) program: Rc<Program>,
    definition: Definition,
}

fn read(definition: JsValue) -> Result<Definition, JsValue> {
    serde_wasm_bindgen::from_value(definition).map_err(|error| JsValue::from_str(&error.to_string()))
}

fn write(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(|error| JsValue::from_str(&error.to_string()))
}

#[wasm_bindgen]
impl RawGraph {
    /// Every problem of a definition, as `{ code, message, nodes }`.
    ///
    /// # Errors
    /// A text when the facade's definition has another shape.
    pub fn validate(definition: JsValue) -> Result<JsValue, JsValue> {
        write(&graph::validate(&read(definition)?))
    }

    /// Node ids in topological order.
    ///
    /// # Errors
    /// A text when the facade's definition has another shape.
    #[wasm_bindgen(js_name = topologicalSort)]
    pub fn topological_sort(definition: JsValue) -> Result<Vec<String>, JsValue> {
        Ok(graph::topological_sort(&read(definition)?))
    }

    /// Compiles a definition.
    ///
    /// # Errors
    /// The list of problems.
    pub fn compile(definition: JsValue) -> Result<RawGraph, JsValue> {
        let definition = read(definition)?;
        match Program::compile(&definition) {
            Ok(program) => Ok(Self { program: Rc::new(program), definition }),
            Err(problems) => Err(write(&problems)?),
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
        self.route(route).map_or_else(Vec::new, |route| route.targets.iter().map(|(label, _)| label.to_string()).collect())
    }

    /// The nodes that the labels stand for.
    #[wasm_bindgen(js_name = routeNodes)]
    pub fn route_nodes(&self, route: u32) -> Vec<u32> {
        self.route(route).map_or_else(Vec::new, |route| route.targets.iter().map(|(_, NodeId(node))| *node).collect())
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
