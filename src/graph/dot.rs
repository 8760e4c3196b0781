//! The graph in DOT, the language of Graphviz: its syntax.

use super::definition::Definition;
use super::drawing::{Format, drawing};

/// A `digraph` of the graph, with its sub-graphs as clusters: the same picture as of [`super::to_mermaid`].
pub fn to_dot(definition: &Definition) -> String {
    let mut text = drawing(definition, &DOT, "digraph {");
    text.push_str("\n}\n");
    text
}

const DOT: Format = Format {
    terminal: [" [shape=oval label=\"", "\"];"],
    node: [" [shape=box label=\"", "\"];"],
    join: [" [shape=circle label=\"", "\"];"],
    open: [" [shape=diamond label=\"", "\"];"],
    arrow: [" -> ", ";"],
    plain: [" -> ", " [dir=none];"],
    dashed: [" -> ", " [style=dashed];"],
    labelled: [" -> ", " [style=dashed label=\"", "\"];"],
    is_label_first: false,
    // Graphviz frames what is called so.
    frame: ["subgraph cluster_", " { label=\"", "\";", "}"],
    code: "&#",
    apart: "",
    doubles_backslash: true,
};
