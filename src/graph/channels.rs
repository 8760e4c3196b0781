//! Rules of channels: GRAPH_INVALID_CHANNEL.

use super::definition::Definition;
use super::numbering::Tally;
use super::problem::{GraphErrorCode, Problem};
use super::program::ChannelKind;
use super::wording::quote;
use crate::text::text;

/// Names are keys of plain objects, so only the one that cannot be such a key is refused.
const FORBIDDEN: &str = "__proto__";

pub(super) fn check(definition: &Definition, problems: &mut Vec<Problem>) {
    let mut seen = Tally::default();
    for channel in &definition.channels {
        let name = quote(&channel.name);
        let count = seen.count(&channel.name);
        let mut report = |message| {
            problems.push(Problem::new(GraphErrorCode::InvalidChannel, &[], message));
        };
        if count == 2 {
            report(text!["channel ", name, " is declared more than once; keep one declaration"]);
        }
        if count == 1 && channel.name.is_empty() {
            report("a channel has an empty name; give it one".to_owned());
        }
        if count == 1 && channel.name == FORBIDDEN {
            report(text!["a channel cannot be called ", name, "; give it another name"]);
        }
        if !channel.problem.is_empty() {
            report(text!["channel ", name, ": ", channel.problem]);
        }
        if ChannelKind::parse(&channel.kind).is_none() {
            let kind = quote(&channel.kind);
            report(text!["channel ", name, " is of unknown kind ", kind, "; make it with append, merge, last or reduce"]);
        }
    }
}
