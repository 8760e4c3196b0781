//! Readers of a run's events, as the facade has them: a queue in the engine, and the log for what lies behind it.

use super::host::Host;
use std::rc::Rc;
use weavegraph_wasm::engine::Input;
use weavegraph_wasm::events::{Event, Pulled, ReaderId};

impl Host {
    /// One pull, with what the engine does because of it.
    pub fn pull_raw(&mut self, reader: ReaderId, max: usize) -> Pulled {
        let pulled = self.machine.pull(reader, max, self.now);
        if self.machine.is_waiting_for_readers() {
            self.feed(Input::Pulled);
        }
        self.settle();
        pulled
    }

    /// All that there is now, with what has to be read from the log.
    pub fn pull(&mut self, reader: ReaderId) -> Vec<Rc<Event>> {
        let mut events = Vec::new();
        loop {
            match self.pull_raw(reader, 64) {
                Pulled::Events(more) => events.extend(more),
                Pulled::Empty | Pulled::Ended => return events,
                Pulled::Refill { after } => events.extend(self.refill(reader, after, 64)),
            }
        }
    }

    /// Reads the log for a reader that lags.
    pub fn refill(&mut self, reader: ReaderId, after: u64, limit: usize) -> Vec<Rc<Event>> {
        let store = self.setup.store.clone().expect("a store");
        let events = store.events_after(after, limit, &self.setup.graph, &self.program);
        let last = events.last().map_or(after, |event| event.seq);
        self.machine.hub().rejoin(reader, last);
        events.into_iter().map(Rc::new).collect()
    }

    /// All that there is now, as lines.
    pub fn pulled_lines(&mut self, reader: ReaderId) -> Vec<String> {
        self.pull(reader).iter().map(|event| self.line(event)).collect()
    }
}
