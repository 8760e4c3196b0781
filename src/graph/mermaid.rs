//! The graph as a Mermaid flowchart: its syntax.

use super::definition::Definition;
use super::drawing::{Format, drawing};
use crate::text::text;

/// Which way the chart runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// `TB`
    TopBottom,
    /// `LR`
    LeftRight,
}

impl Direction {
    /// As Mermaid and users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TopBottom => "TB",
            Self::LeftRight => "LR",
        }
    }

    /// The direction with this text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::TopBottom, Self::LeftRight].into_iter().find(|direction| direction.as_str() == text)
    }
}

/// A flowchart of the graph, with its sub-graphs as frames. Names stand in escaped labels only.
///
/// Solid: plain edges, and joins through a small circle `+`. Dashed: declared targets of routes, with their labels where
/// these differ from the target's name; `targets` of nodes; and a diamond `?` for a route that may go anywhere. Works on any
/// definition; what mentions an unknown name is left out.
pub fn to_mermaid(definition: &Definition, direction: Direction) -> String {
    let mut text = drawing(definition, &MERMAID, &text!["flowchart ", direction.as_str()]);
    text.push('\n');
    text
}

const MERMAID: Format = Format {
    terminal: ["([", "])"],
    node: ["[\"", "\"]"],
    join: ["((\"", "\"))"],
    open: ["{\"", "\"}"],
    arrow: [" --> ", ""],
    plain: [" --- ", ""],
    dashed: [" -.-> ", ""],
    labelled: [" -.->|\"", "\"| ", ""],
    is_label_first: true,
    frame: ["subgraph ", "[\"", "\"]", "end"],
    code: "#",
    // A space without width.
    apart: "#8203;",
    doubles_backslash: false,
};
