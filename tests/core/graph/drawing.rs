//! The Mermaid flowchart.

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
            "n2 -.-> r1{\"#63;\"}",
            "n0 -.-> n1",
        ],
    );
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
        assert_eq!(decoded(shown), name.replace('\n', "\u{fffd}"));
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
}
