//! The engine's timers on one sleep of the clock: that of the next one that is due.

use super::clock::{Clock, NEAR};
use futures_util::future::LocalBoxFuture;
use std::collections::{BTreeMap, HashMap};
use std::task::{Context, Poll};
use std::time::Duration;

#[derive(Default)]
pub(super) struct Timers {
    /// By end (the bits of a number that is not negative sort as it does) and order.
    agenda: BTreeMap<(u64, u64), u32>,
    keys: HashMap<u32, (u64, u64)>,
    count: u64,
    /// Until when it sleeps.
    alarm: Option<(u64, LocalBoxFuture<'static, ()>)>,
}

impl Timers {
    pub(super) fn start(&mut self, timer: u32, now: f64, ms: f64) {
        self.count += 1;
        let key = ((now + ms).max(0.0).to_bits(), self.count);
        self.agenda.insert(key, timer);
        self.keys.insert(timer, key);
    }

    pub(super) fn stop(&mut self, timer: u32) {
        if let Some(key) = self.keys.remove(&timer) {
            self.agenda.remove(&key);
        }
    }

    /// The timer whose time has come, the earliest first; else arranges to be woken for it.
    pub(super) fn poll(&mut self, clock: &dyn Clock, cx: &mut Context<'_>) -> Poll<u32> {
        loop {
            let Some(end) = self.agenda.first_key_value().map(|((end, _), _)| *end) else {
                self.alarm = None;
                return Poll::Pending;
            };
            let rest = f64::from_bits(end) - clock.now();
            if rest < NEAR {
                let Some((_, timer)) = self.agenda.pop_first() else { return Poll::Pending };
                self.keys.remove(&timer);
                return Poll::Ready(timer);
            }
            let (_, sleep) = match self.alarm.take() {
                Some((at, sleep)) if at == end => self.alarm.insert((at, sleep)),
                _ => self.alarm.insert((end, clock.sleep(duration(rest)))),
            };
            match sleep.as_mut().poll(cx) {
                Poll::Ready(()) => self.alarm = None,
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Of milliseconds; what is too long for a `Duration` is as good as for ever.
fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX / 4)
}
