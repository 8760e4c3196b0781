//! Names inside messages: quoted and cut to a readable length.

use super::definition::{END, START};
use crate::text::text;

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
        text.push(if char.is_control() { char::REPLACEMENT_CHARACTER } else { char });
    }
    if chars.next().is_some() {
        text.push('…');
    }
    text.push('`');
    text
}

/// Names with `separator` between them; of a long list the first ones and how many more there are.
pub(super) fn list(names: &[&str], separator: &str) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        if index == SHOWN_NAMES {
            text.push_str(&text![" and ", names.len() - SHOWN_NAMES, " more"]);
            break;
        }
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(&quote(name));
    }
    text
}
