//! Open timers of a run and what each is for.

/// What a timer is for. `token` names the attempt that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimerKind {
    /// `timeoutMs` of a node.
    Attempt { frame: u32, task: u32, token: u32 },
    /// The delay before another attempt.
    Backoff { frame: u32, task: u32, token: u32 },
    /// `ctx.sleep`.
    Sleep { frame: u32, task: u32, token: u32, sleep: u32 },
    /// `timeoutMs` of the run.
    Run,
    /// The store may be silent.
    Store,
    /// Store the events of an unfinished step.
    Flush,
    /// A full reader that is silent.
    Silence,
}

/// A slab: a timer's number is its place, reused once it has fired or stopped.
#[derive(Default)]
pub struct Timers {
    open: Vec<Option<TimerKind>>,
    free: Vec<u32>,
}

impl TimerKind {
    /// The frame of the task that it is for.
    pub fn frame(self) -> Option<u32> {
        match self {
            Self::Attempt { frame, .. } | Self::Backoff { frame, .. } | Self::Sleep { frame, .. } => Some(frame),
            Self::Run | Self::Store | Self::Flush | Self::Silence => None,
        }
    }
}

impl Timers {
    /// Opens one.
    pub fn open(&mut self, kind: TimerKind) -> u32 {
        if let Some(timer) = self.free.pop() {
            self.open[timer as usize] = Some(kind);
            return timer;
        }
        self.open.push(Some(kind));
        self.open.len() as u32 - 1
    }

    /// Closes one that fired or stops; `None` if it was not open.
    pub fn close(&mut self, timer: u32) -> Option<TimerKind> {
        let kind = self.open.get_mut(timer as usize)?.take()?;
        self.free.push(timer);
        Some(kind)
    }

    /// Closes all for which `is_over` holds, and tells each.
    pub fn close_all(&mut self, is_over: impl Fn(TimerKind) -> bool, mut each: impl FnMut(u32)) {
        for (timer, slot) in (0u32..).zip(&mut self.open) {
            if slot.is_some_and(&is_over) {
                *slot = None;
                self.free.push(timer);
                each(timer);
            }
        }
    }
}
