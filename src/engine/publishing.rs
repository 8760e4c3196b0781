//! How events leave the machine: numbered and kept for readers and for the log, or only counted when nobody can ever see them.

use super::machine::Machine;
use super::storing::FLUSH_AFTER_MS;
use crate::events::{Body, EventKind};

impl Machine {
    /// Nobody can ever see an event that happens now: what it would say need not be put together.
    pub fn is_unheard(&self) -> bool {
        self.journal.is_none() && self.hub.is_idle()
    }

    /// Only counts a durable event if nobody can ever see it.
    pub(super) fn skips(&mut self, kind: EventKind) -> bool {
        let is_unheard = self.is_unheard();
        if is_unheard {
            self.hub.skip(kind);
            self.session.seq = self.hub.seq();
            self.session.at = self.now;
        }
        is_unheard
    }

    /// Numbers a durable event, keeps it for readers and for the log.
    pub(super) fn publish(&mut self, body: Body) {
        if self.skips(body.kind()) {
            return;
        }
        let event = self.hub.push(self.now, false, self.place.clone(), body);
        self.session.seq = event.seq;
        self.session.at = event.at;
        if let Some(journal) = &mut self.journal {
            journal.add(event);
            if self.stores_early() {
                self.arm_flush(FLUSH_AFTER_MS);
            }
        }
    }

    pub(super) fn publish_transient(&mut self, body: Body) {
        self.hub.push(self.now, true, self.place.clone(), body);
    }
}
