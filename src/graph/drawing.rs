//! What is drawn of a graph, in which order and under which ids, and the escaping of labels. Must not know a format.
//!
//! Ids are ours (`start`, `stop`, `n0`, `n1`…, those inside node 0 `n0start`, `n0n0`…), so no name can mean anything; names stand in
//! labels only. An edge to a sub-graph leads to its START, one from it leaves its END.

use super::arcs::Vertex;
use super::definition::{Definition, RouteDefinition};
use super::outline::{END_VERTEX, FIRST_NODE, Outline, START_VERTEX};
use super::sorting::sorted_set;
use crate::collected::collected;
use crate::text::{add_text, text};

/// How a format writes things: what stands before and after a label, or the target of an edge.
pub(super) struct Format {
    /// START and END.
    pub(super) terminal: [&'static str; 2],
    pub(super) node: [&'static str; 2],
    /// Where the sources of a join meet.
    pub(super) join: [&'static str; 2],
    /// A route that may go anywhere.
    pub(super) open: [&'static str; 2],
    pub(super) arrow: [&'static str; 2],
    /// To the circle of a join.
    pub(super) plain: [&'static str; 2],
    /// What a node or a route may choose.
    pub(super) dashed: [&'static str; 2],
    /// The same with a label; the last part follows the label.
    pub(super) labelled: [&'static str; 3],
    /// The label of an edge stands before its target.
    pub(super) is_label_first: bool,
    /// Before the id of a frame around what comes until its end, before and after its label, and at its end.
    pub(super) frame: [&'static str; 4],
    /// Before the code of a character.
    pub(super) code: &'static str,
    /// Keeps apart what Mermaid, when all is drawn, would take for its own placeholder of a code.
    pub(super) apart: &'static str,
    /// A backslash means something even as a code, unless it is doubled.
    pub(super) doubles_backslash: bool,
}

/// Draws a graph after the format's `head`. Works on any definition; what mentions an unknown name is left out.
pub(super) fn drawing(definition: &Definition, format: &Format, head: &str) -> String {
    let mut page = Page { text: text![head], format, depth: 0 };
    page.graph(definition, "");
    page.text
}

/// What is written so far.
struct Page<'a> {
    text: String,
    format: &'a Format,
    /// Frames around the next line.
    depth: u32,
}

impl Page<'_> {
    fn line(&mut self, parts: &[&str]) {
        self.text.push('\n');
        for _ in 0..=self.depth {
            self.text.push_str("  ");
        }
        for part in parts {
            self.text.push_str(part);
        }
    }

    fn symbol(&mut self, id: &str, [before, after]: [&str; 2], label: &str) {
        self.line(&[id, before]);
        self.label(label);
        self.text.push_str(after);
    }

    fn edge(&mut self, from: &str, [before, after]: [&str; 2], to: &str) {
        self.line(&[from, before, to, after]);
    }

    fn labelled_edge(&mut self, from: &str, to: &str, label: &str) {
        let [before, between, after] = self.format.labelled;
        self.line(&[from, before]);
        if self.format.is_label_first {
            self.label(label);
            add_text!(&mut self.text, between, to, after);
        } else {
            add_text!(&mut self.text, to, between);
            self.label(label);
            self.text.push_str(after);
        }
    }

    /// Text for between the quotes of a label. What is not surely plain text becomes its code, because labels go through comment,
    /// directive and icon syntax, Markdown and HTML. Control characters, which HTML cannot name, become U+FFFD.
    fn label(&mut self, name: &str) {
        let Format { code, apart, doubles_backslash, .. } = *self.format;
        let chars = collected(name.chars());
        for (index, char) in chars.iter().copied().enumerate() {
            let before = index.checked_sub(1).map(|before| chars[before]);
            let after = chars.get(index + 1).copied();
            if is_letter(char) || is_plain_sign(before, char, after) {
                self.text.push(char);
                continue;
            }
            if matches!((before, char), (Some('ﬂ'), '°') | (Some('¶'), 'ß')) {
                self.text.push_str(apart);
            }
            let shown = if char.is_control() { char::REPLACEMENT_CHARACTER } else { char };
            for _ in 0..=u32::from(char == '\\' && doubles_backslash) {
                add_text!(&mut self.text, code, u32::from(shown), ";");
            }
        }
    }

    /// A graph whose ids begin with `prefix`.
    fn graph(&mut self, definition: &Definition, prefix: &str) {
        let Format { terminal, node: shape, frame, arrow, dashed, .. } = *self.format;
        let outline = Outline::new(definition);
        let mut names = Names { prefix, outline: &outline, is_graph: vec![false; outline.names.len()], marks: 0 };
        self.symbol(&text![prefix, "start"], terminal, "START");
        let mut next = FIRST_NODE;
        for (node, links) in definition.nodes.iter().zip(&outline.nodes) {
            if links.vertex != next {
                continue;
            }
            next += 1;
            let id = text![prefix, "n", links.vertex - FIRST_NODE];
            let Some(graph) = &node.graph else {
                self.symbol(&id, shape, &node.id);
                continue;
            };
            names.is_graph[links.vertex as usize] = true;
            let [before, label, end_of_label, end] = frame;
            self.line(&[before, &id, label]);
            self.label(&node.id);
            self.text.push_str(end_of_label);
            self.depth += 1;
            // Nesting has a limit, see `nodes`.
            self.graph(&graph.definition, &id);
            self.depth -= 1;
            self.line(&[end]);
        }
        self.symbol(&text![prefix, "stop"], terminal, "END");
        for (edge, links) in definition.edges.iter().zip(&outline.edges) {
            if edge.join {
                self.join(&mut names, &links.sources, links.target);
            } else {
                for source in &links.sources {
                    self.between(&names, *source, arrow, links.target);
                }
            }
        }
        for (route, links) in definition.routes.iter().zip(&outline.routes) {
            self.route(&mut names, route, links.source, &links.targets);
        }
        for links in &outline.nodes {
            for target in sorted_set(&links.targets) {
                self.between(&names, links.vertex, dashed, target);
            }
        }
    }

    fn between(&mut self, names: &Names, from: Vertex, line: [&str; 2], to: Vertex) {
        if let (Some(from), Some(to)) = (names.id(from, "stop"), names.id(to, "start")) {
            self.edge(&from, line, &to);
        }
    }

    fn join(&mut self, names: &mut Names, sources: &[Vertex], target: Vertex) {
        let Format { join, plain, arrow, .. } = *self.format;
        let mark = names.mark("j");
        self.symbol(&mark, join, "+");
        for source in sources {
            if let Some(source) = names.id(*source, "stop") {
                self.edge(&source, plain, &mark);
            }
        }
        if let Some(target) = names.id(target, "start") {
            self.edge(&mark, arrow, &target);
        }
    }

    fn route(&mut self, names: &mut Names, route: &RouteDefinition, source: Vertex, targets: &[Vertex]) {
        let Format { open, dashed, .. } = *self.format;
        let Some(from) = names.id(source, "stop") else { return };
        let Some(declared) = &route.targets else {
            let mark = names.mark("r");
            self.symbol(&mark, open, "?");
            return self.edge(&from, dashed, &mark);
        };
        for ((label, name), target) in declared.iter().zip(targets) {
            let Some(to) = names.id(*target, "start") else { continue };
            if label == name || label.is_empty() {
                self.edge(&from, dashed, &to);
            } else {
                self.labelled_edge(&from, &to, label);
            }
        }
    }
}

/// The ids of one graph.
struct Names<'a> {
    prefix: &'a str,
    outline: &'a Outline<'a>,
    /// By vertex.
    is_graph: Vec<bool>,
    /// Joins and open routes so far.
    marks: u32,
}

impl Names<'_> {
    fn mark(&mut self, letter: &str) -> String {
        self.marks += 1;
        text![self.prefix, letter, self.marks - 1]
    }

    /// Where an edge begins or ends at `vertex`, in a sub-graph at `inside`; `None` for an unknown name.
    fn id(&self, vertex: Vertex, inside: &str) -> Option<String> {
        if !self.outline.is_known(vertex) {
            return None;
        }
        let mut id = text![self.prefix];
        match vertex {
            START_VERTEX => id.push_str("start"),
            END_VERTEX => id.push_str("stop"),
            node => add_text!(&mut id, "n", node - FIRST_NODE),
        }
        if self.is_graph[vertex as usize] {
            id.push_str(inside);
        }
        Some(id)
    }
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
