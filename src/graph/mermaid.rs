//! The graph as a Mermaid flowchart. Owns the escaping: no name may change what is drawn or end a label.

use super::arcs::Vertex;
use super::definition::{Definition, RouteDefinition};
use super::outline::{END_VERTEX, FIRST_NODE, Outline, START_VERTEX};
use super::sorting::sorted_set;
use crate::collected::collected;
use crate::text::{Part, add_text, text};

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

/// A flowchart of the graph. Ids are ours (`start`, `stop`, `n0`, `n1`…), names stand in escaped labels only.
///
/// Solid: plain edges, and joins through a small circle `+`. Dashed: declared targets of routes, with their labels where
/// these differ from the target's name; `targets` of nodes; and a diamond `?` for a route that may go anywhere. Works on any
/// definition; what mentions an unknown name is left out.
pub fn to_mermaid(definition: &Definition, direction: Direction) -> String {
    let outline = Outline::new(definition);
    let mut chart = Chart { text: text!["flowchart ", direction.as_str()], outline: &outline, symbols: 0 };
    add_text!(chart.line(), "start([START])");
    for node in outline.node_vertices() {
        add_text!(chart.line(), id(node), "[\"", label(outline.name(node)), "\"]");
    }
    add_text!(chart.line(), "stop([END])");
    for (edge, links) in definition.edges.iter().zip(&outline.edges) {
        if edge.join {
            chart.join(&links.sources, links.target);
        } else {
            for source in &links.sources {
                chart.arrow(*source, "-->", links.target);
            }
        }
    }
    for (route, links) in definition.routes.iter().zip(&outline.routes) {
        chart.route(route, links.source, &links.targets);
    }
    for links in &outline.nodes {
        for target in sorted_set(&links.targets) {
            chart.arrow(links.vertex, "-.->", target);
        }
    }
    chart.text.push('\n');
    chart.text
}

struct Chart<'a> {
    text: String,
    outline: &'a Outline<'a>,
    /// Joins and open routes drawn so far.
    symbols: u32,
}

impl Chart<'_> {
    /// Begins one.
    fn line(&mut self) -> &mut String {
        self.text.push_str("\n  ");
        &mut self.text
    }

    fn symbol(&mut self) -> u32 {
        self.symbols += 1;
        self.symbols - 1
    }

    fn arrow(&mut self, from: Vertex, arrow: &str, to: Vertex) {
        if self.outline.is_known(from) && self.outline.is_known(to) {
            add_text!(self.line(), id(from), " ", arrow, " ", id(to));
        }
    }

    fn join(&mut self, sources: &[Vertex], target: Vertex) {
        let symbol = self.symbol();
        add_text!(self.line(), "j", symbol, "((\"#43;\"))");
        for source in sources.iter().filter(|source| self.outline.is_known(**source)) {
            add_text!(self.line(), id(*source), " --- j", symbol);
        }
        if self.outline.is_known(target) {
            add_text!(self.line(), "j", symbol, " --> ", id(target));
        }
    }

    fn route(&mut self, route: &RouteDefinition, source: Vertex, targets: &[Vertex]) {
        if !self.outline.is_known(source) {
            return;
        }
        let Some(declared) = &route.targets else {
            let symbol = self.symbol();
            return add_text!(self.line(), id(source), " -.-> r", symbol, "{\"#63;\"}");
        };
        for ((name, target_name), target) in declared.iter().zip(targets) {
            if name == target_name || name.is_empty() {
                self.arrow(source, "-.->", *target);
            } else {
                self.arrow(source, &text!["-.->|\"", label(name), "\"|"], *target);
            }
        }
    }
}

fn id(vertex: Vertex) -> Id {
    Id(vertex)
}

struct Id(Vertex);

impl Part for Id {
    #[inline(never)]
    fn add_to(&self, text: &mut String) {
        match self.0 {
            START_VERTEX => text.push_str("start"),
            END_VERTEX => text.push_str("stop"),
            node => add_text!(text, "n", node - FIRST_NODE),
        }
    }
}

/// Text for between the quotes of a label. What is not surely plain text becomes `#<code>;`, because labels go through
/// Mermaid's comment, directive and icon syntax, Markdown and HTML. Control characters, which HTML cannot name, become
/// U+FFFD.
fn label(name: &str) -> String {
    let mut text = String::new();
    let chars = collected(name.chars());
    for (index, char) in chars.iter().copied().enumerate() {
        let before = index.checked_sub(1).map(|before| chars[before]);
        let after = chars.get(index + 1).copied();
        if is_letter(char) || is_plain_sign(before, char, after) {
            text.push(char);
            continue;
        }
        let shown = if char.is_control() { char::REPLACEMENT_CHARACTER } else { char };
        add_text!(&mut text, "#", u32::from(shown), ";");
    }
    text
}

/// Letters, digits and symbols that mean nothing to anyone. Left out: general punctuation with its separators and direction
/// marks, and the letters of which Mermaid makes its own placeholders for entities (ß, ﬂ; ° and ¶ lie below).
fn is_letter(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, 'À'..='\u{1fff}' | '\u{2070}'..='\u{fefe}' | '\u{10000}'.. if char != 'ß' && char != 'ﬂ')
}

/// Punctuation that is plain text where it stands: not at the start of a list, emphasis or `www.` link.
fn is_plain_sign(before: Option<char>, char: char, after: Option<char>) -> bool {
    let is_between = |test: fn(char) -> bool| before.is_some_and(test) && after.is_some_and(test);
    match char {
        '_' => is_between(|char| char.is_ascii_alphanumeric()),
        '-' | ' ' => is_between(is_letter),
        '.' => is_between(is_letter) && !matches!(before, Some('w' | 'W')),
        '?' | '!' | ',' => before.is_some_and(is_letter),
        _ => false,
    }
}
