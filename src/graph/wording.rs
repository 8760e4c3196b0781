//! Names inside messages: quoted and cut to a readable length.

use super::definition::{END, START};
use crate::text::{Part, add_text};

/// Characters of a name, and names of a list, that a message shows.
const SHOWN_CHARS: usize = 60;
const SHOWN_NAMES: usize = 8;

/// A name as messages show it: START, END, or in backticks.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'a>(&'a str);

pub(super) fn quote(name: &str) -> Quoted<'_> {
    Quoted(name)
}

impl Part for Quoted<'_> {
    #[inline(never)]
    fn add_to(&self, text: &mut String) {
        match self.0 {
            START => text.push_str("START"),
            END => text.push_str("END"),
            name => {
                text.push('`');
                let mut chars = name.chars();
                for char in chars.by_ref().take(SHOWN_CHARS) {
                    text.push(if char.is_control() { char::REPLACEMENT_CHARACTER } else { char });
                }
                if chars.next().is_some() {
                    text.push('…');
                }
                text.push('`');
            }
        }
    }
}

/// Names with a separator between them; of a long list the first ones and how many more there are.
pub(super) struct List<'a>(&'a [&'a str], &'static str);

pub(super) fn list<'a>(names: &'a [&'a str], separator: &'static str) -> List<'a> {
    List(names, separator)
}

impl Part for List<'_> {
    #[inline(never)]
    fn add_to(&self, text: &mut String) {
        let Self(names, separator) = self;
        for (index, name) in names.iter().enumerate() {
            if index == SHOWN_NAMES {
                add_text!(text, " and ", names.len() - SHOWN_NAMES, " more");
                break;
            }
            if index > 0 {
                text.push_str(separator);
            }
            quote(name).add_to(text);
        }
    }
}
