//! The drawings: Mermaid's flowchart and DOT. What real parsers make of them is tested through the package.

use super::*;

#[track_caller]
fn assert_drawn(graph: &Definition, expected: &[&str]) {
    let text = to_mermaid(graph, Direction::LeftRight);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines, expected);
}

#[test]
fn every_kind_of_edge_is_drawn_in_its_own_way() {
    let graph = graph()
        .node_with("a", |node| node.targets = Some(texts(&["b", "b"])))
        .nodes(&["b", "c"])
        .edge(START, "a")
        .join(&["a", "b"], "c")
        .labelled_route("a", &[("again?", "a"), ("b", "b"), ("done", END)])
        .open_route("c")
        .edge("c", END);
    assert_drawn(
        &graph,
        &[
            "flowchart LR",
            "start([START])",
            "n0[\"a\"]",
            "n1[\"b\"]",
            "n2[\"c\"]",
            "stop([END])",
            "start --> n0",
            "j0((\"#43;\"))",
            "n0 --- j0",
            "n1 --- j0",
            "j0 --> n2",
            "n2 --> stop",
            "n0 -.->|\"again?\"| n0",
            "n0 -.-> n1",
            "n0 -.->|\"done\"| stop",
            "r1{\"#63;\"}",
            "n2 -.-> r1",
            "n0 -.-> n1",
        ],
    );
}

/// A join to a sub-graph of a sub-graph, and routes from and to it.
fn nested() -> Definition {
    let innermost = line();
    let inner = graph().node("x").subgraph("deep", &innermost).path(&[START, "x", "deep", END]).open_route("deep");
    graph()
        .nodes(&["a", "b"])
        .subgraph("in]ner", &inner)
        .edge(START, "a")
        .edge(START, "b")
        .join(&["a", "b"], "in]ner")
        .labelled_route("in]ner", &[("again", "in]ner"), ("done", END)])
}

#[test]
fn sub_graphs_are_drawn_inside_frames_and_edges_lead_to_their_start_and_from_their_end() {
    assert_drawn(
        &nested(),
        &[
            "flowchart LR",
            "start([START])",
            "n0[\"a\"]",
            "n1[\"b\"]",
            "subgraph n2[\"in#93;ner\"]",
            "n2start([START])",
            "n2n0[\"x\"]",
            "subgraph n2n1[\"deep\"]",
            "n2n1start([START])",
            "n2n1n0[\"a\"]",
            "n2n1n1[\"b\"]",
            "n2n1stop([END])",
            "n2n1start --> n2n1n0",
            "n2n1n0 --> n2n1n1",
            "n2n1n1 --> n2n1stop",
            "end",
            "n2stop([END])",
            "n2start --> n2n0",
            "n2n0 --> n2n1start",
            "n2n1stop --> n2stop",
            "n2r0{\"#63;\"}",
            "n2n1stop -.-> n2r0",
            "end",
            "stop([END])",
            "start --> n0",
            "start --> n1",
            "j0((\"#43;\"))",
            "n0 --- j0",
            "n1 --- j0",
            "j0 --> n2start",
            "n2stop -.->|\"again\"| n2start",
            "n2stop -.->|\"done\"| stop",
        ],
    );
}

#[test]
fn dot_has_the_same_picture() {
    let text = to_dot(&nested());
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        "digraph {",
        "  start [shape=oval label=\"START\"];",
        "  n0 [shape=box label=\"a\"];",
        "  n1 [shape=box label=\"b\"];",
        "  subgraph cluster_n2 { label=\"in&#93;ner\";",
        "    n2start [shape=oval label=\"START\"];",
        "    n2n0 [shape=box label=\"x\"];",
        "    subgraph cluster_n2n1 { label=\"deep\";",
        "      n2n1start [shape=oval label=\"START\"];",
        "      n2n1n0 [shape=box label=\"a\"];",
        "      n2n1n1 [shape=box label=\"b\"];",
        "      n2n1stop [shape=oval label=\"END\"];",
        "      n2n1start -> n2n1n0;",
        "      n2n1n0 -> n2n1n1;",
        "      n2n1n1 -> n2n1stop;",
        "    }",
        "    n2stop [shape=oval label=\"END\"];",
        "    n2start -> n2n0;",
        "    n2n0 -> n2n1start;",
        "    n2n1stop -> n2stop;",
        "    n2r0 [shape=diamond label=\"&#63;\"];",
        "    n2n1stop -> n2r0 [style=dashed];",
        "  }",
        "  stop [shape=oval label=\"END\"];",
        "  start -> n0;",
        "  start -> n1;",
        "  j0 [shape=circle label=\"&#43;\"];",
        "  n0 -> j0 [dir=none];",
        "  n1 -> j0 [dir=none];",
        "  j0 -> n2start;",
        "  n2stop -> n2start [style=dashed label=\"again\"];",
        "  n2stop -> stop [style=dashed label=\"done\"];",
        "}",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_same_graph_inside_two_nodes_is_drawn_twice() {
    let graph = graph().subgraph("one", &line()).subgraph("two", &line()).path(&[START, "one", "two", END]);
    let text = to_mermaid(&graph, Direction::TopBottom);
    assert!(text.contains("n0n1[\"b\"]") && text.contains("n1n1[\"b\"]") && text.contains("n0stop --> n1start"));
}

#[test]
fn the_direction_is_the_users() {
    assert!(to_mermaid(&line(), Direction::TopBottom).starts_with("flowchart TB\n"));
    assert_eq!(Direction::parse("LR"), Some(Direction::LeftRight));
    assert_eq!(Direction::parse("BT"), None);
}

#[test]
fn usual_names_stay_readable() {
    for name in ["draft_section", "fetch-page", "Step 2", "v1.2", "again?", "höhe", "章節", "шаг", "🙂"] {
        let graph = graph().node(name).path(&[START, name, END]);
        assert!(to_mermaid(&graph, Direction::TopBottom).contains(&format!("n0[\"{name}\"]")), "{name}");
    }
}

#[test]
fn no_name_ends_its_label_or_means_anything_in_it() {
    // Each would be a comment, a directive, an icon, Markdown, HTML or an entity if it stood in a label as it is.
    let hostile = [
        "\"] --> n9[\"",
        "`**bold**`",
        "#quot;",
        "&lt;",
        "<img src=x onerror=alert(1)>",
        "%%{init: {}}%%",
        "a\n  b --> c",
        "style x fill:#fff;",
        "click n0 call f()",
        "fa:fa-car",
        "ﬂ°°60¶ß",
        "1. item",
        "- item",
        "    code",
        "__x__",
        "_x_",
        "$$x^2$$",
        "|x|",
        "a\u{2028}b",
        "\u{202e}abc",
        "\\n",
        "---",
        "www.example.com",
        "me@example.com",
        "[x](y)",
        "~~x~~",
        "😀_b_😀",
        "+",
    ];
    for name in hostile {
        let graph = graph().node(name).path(&[START, name, END]).labelled_route(name, &[(name, END)]);
        let text = to_mermaid(&graph, Direction::TopBottom);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 7, "{text}");
        let shown = lines[2].strip_prefix("  n0[\"").and_then(|line| line.strip_suffix("\"]")).expect("one label");
        assert_eq!(lines[6], format!("  n0 -.->|\"{shown}\"| stop"));
        assert_eq!(decoded(shown).replace('\u{200b}', ""), name.replace('\n', "\u{fffd}"));
        let dot = to_dot(&graph);
        assert!(
            dot.lines().any(|line| line.strip_prefix("  n0 [shape=box label=\"").is_some_and(|line| line.strip_suffix("\"];").is_some())),
            "{dot}"
        );
        assert_eq!(dot.chars().filter(|char| *char == '"').count(), 8, "{dot}");
        let plain: String = shown.split(';').map(|part| part.split('#').next().unwrap_or(part)).collect();
        assert!(!plain.chars().any(|char| "\"`'<>[](){}|\\/*%:;&$~=@+^".contains(char) || char.is_control()), "{shown}");
        assert!(!plain.contains("__") && !plain.contains("--") && !plain.starts_with([' ', '-', '_', '.']), "{shown}");
    }
}

/// What a label shows: its entities replaced.
fn decoded(label: &str) -> String {
    let mut parts = label.split('#');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once(';').expect("a closed entity");
        text.push(code.parse().ok().and_then(char::from_u32).expect("a character"));
        text.push_str(rest);
    }
    text
}

#[test]
fn a_graph_with_problems_is_drawn_without_its_unknown_names() {
    let graph = line().edge("a", "ghost").route("ghost", &["a"]).join(&["ghost", "a"], "ghost").open_route("ghost");
    let text = to_mermaid(&graph, Direction::TopBottom);
    assert!(!text.contains("ghost"));
    assert!(text.contains("n0 --- j0"));
    assert!(!to_dot(&graph).contains("ghost"));
    let twice = line().node("a").node(START);
    assert_eq!(to_mermaid(&twice, Direction::TopBottom), to_mermaid(&line(), Direction::TopBottom));
}
