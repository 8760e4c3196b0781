//! Names inside messages: quoted and cut to a readable length.

use super::definition::{END, START};

/// Characters of a name, and names of a list, that a message shows.
const SHOWN_CHARS: usize = 60;
const SHOWN_NAMES: usize = 8;

/// A name as messages show it: START, END, or in backticks.
pub(super) fn quote(name: &str) -> String {
    if name == START {
        return "START".to_owned();
    }
    if name == END {
        return "END".to_owned();
    }
    let mut text = String::from("`");
    let mut chars = name.chars();
    for char in chars.by_ref().take(SHOWN_CHARS) {
        text.push(if char.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            char
        });
    }
    if chars.next().is_some() {
        text.push('…');
    }
    text.push('`');
    text
}

/// Names with `separator` between them; of a long list the first ones and how many more there are.
pub(super) fn list(names: &[&str], separator: &str) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN_NAMES)
        .map(|name| quote(name))
        .collect();
    let text = shown.join(separator);
    if names.len() > SHOWN_NAMES {
        return format!("{text} and {} more", names.len() - SHOWN_NAMES);
    }
    text
}
