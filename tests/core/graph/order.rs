//! Topological order.

use super::*;

#[test]
fn start_is_first_end_is_last_and_ties_are_lexicographic() {
    // The published crate gives START, A, B, Z, C, END here: its order is not lexicographic across groups.
    let graph = graph().nodes(&["Z", "C", "B", "A"]).edge(START, "A").edge(START, "B").edge("A", "Z").edge("B", "C");
    assert_eq!(topological_sort(&graph), [START, "A", "B", "C", "Z", END]);
}

#[test]
fn joins_count_and_routes_do_not() {
    let graph = graph().nodes(&["a", "b", "c"]).join(&["b", "c"], "a").route("a", &["b"]);
    assert_eq!(topological_sort(&graph), [START, "b", "c", "a", END]);
}

#[test]
fn nodes_without_edges_are_in_it_and_unregistered_names_are_not() {
    let graph = graph().nodes(&["x", "a"]).path(&["x", "ghost", "a"]);
    assert_eq!(topological_sort(&graph), [START, "x", "a", END]);
    assert_eq!(topological_sort(&Definition::default()), [START, END]);
}

#[test]
fn the_members_of_a_cycle_come_late_but_before_what_follows_them() {
    let graph = graph().nodes(&["m", "b", "a", "z", "after"]).path(&[START, "m", "b", "a", "b"]).edge("m", "z").edge("a", "after");
    assert_eq!(topological_sort(&graph), [START, "m", "z", "a", "b", "after", END]);
}

#[test]
fn edges_into_start_and_out_of_end_change_nothing() {
    assert_eq!(topological_sort(&line().edge("b", START).edge(END, "a")), [START, "a", "b", END]);
}

#[test]
fn duplicate_nodes_stand_once() {
    assert_eq!(topological_sort(&line().node("a").node(START)), [START, "a", "b", END]);
}

#[test]
fn many_nodes_without_edges_are_in_lexicographic_order() {
    for count in [0, 1, 2, 3, 7, 8, 9, 1000] {
        let mut ids: Vec<String> = (0..count).map(|number| format!("n{}", number * 7919 % 1009)).collect();
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let order = topological_sort(&graph().nodes(&names));
        ids.sort();
        assert_eq!(order[1..=count], ids);
    }
}
