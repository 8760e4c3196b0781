//! The numbers by which the facade says what it tells or asks. A few exports with a number each, instead of an export for each
//! input: an export costs about 300 bytes of wasm and 150 of glue.

macro_rules! calls {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $call:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[repr(u8)]
        pub enum $name { $($(#[$item])* $call,)* }

        impl $name {
            /// In the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$call,)*];

            /// The call with this number.
            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }
        }
    };
}

calls! {
    /// What `RawRun::tell` takes: `a`, `b`, `c`, `d` and `x` mean what is said here.
    Tell {
        /// An attempt returned an update and no command: task, token, update, bytes; bit `n` of `x` says that it wrote channel `n`.
        Settled,
        /// What `retryOn` said: task, token, 1 for yes.
        RetryAnswer,
        /// All folds are made: bit `n` of `a` says that channel `n` changed; `x` is the size of all contents.
        Applied,
        /// A route named one node: call, node.
        Routed,
        /// A timer's time has come: timer.
        Fired,
        /// `ctx.sleep`: task, token, sleep; `x` milliseconds.
        Sleep,
        /// `ctx.flush`: flush.
        Flush,
        /// The store has the record.
        Appended,
        /// Someone else has taken the session: it ends at once.
        Lost,
        /// A later turn.
        Turn,
        /// Readers have pulled, or left.
        Pulled,
        /// Cancel: reason.
        Cancel,
    }
}

calls! {
    /// What `RawRun::tell_with` takes, beside numbers: words.
    TellWith {
        /// An attempt returned: task, token, update, bytes; words as of `Inner::result`.
        Settled,
        /// All folds are made: `a` channels that changed, then channel, handle and size of each new value of a `reduce` channel; `x` as above.
        Applied,
        /// A route named nodes and sends: call; words `(node, isSend, input)…`.
        Routed,
        /// A sub-graph's contents are made: its limit of steps; words `(update, bytes, words as of Inner::result)…` of what is folded first.
        Opened,
        /// It pauses before the first `a` nodes of the words, and after the others.
        Breakpoints,
    }
}

calls! {
    /// What `RawRun::tell_text` takes, beside numbers: a code and a text. `c` is the handle of what was thrown, or of the value, `d` its size.
    TellText {
        /// An attempt threw, or returned what it may not: task, token.
        Threw,
        /// An attempt returned a command to a node that is not there: task, token.
        UnknownTarget,
        /// A fold threw: channel.
        FoldFailed,
        /// A route threw: call.
        RouteThrew,
        /// A route named what it may not: call.
        RouteUnknown,
        /// The store refused for good.
        AppendFailed,
        /// The execution may not begin: ends with one transient `run.failed`.
        Refuse,
        /// A `diagnostic` event: 0 about the store, 1 about the observer.
        Remark,
        /// `ctx.interrupt`: task, token; the text is the id, or empty. `Ask::Asked` says what became of it, as after the next four.
        Interrupt,
        /// `ctx.once` begins: task, token; its key.
        Once,
        /// The function of a `once` has a result: task, token; its key.
        KeepOnce,
        /// The function of a `once` has thrown: task, token.
        DropOnce,
        /// `ctx.sleepUntil`: task, token; without a value, its time has passed.
        SleepUntil,
        /// Before the start: an answer to the question of this id, or, if `a` is 1, to the one that is open.
        Answer,
    }
}

calls! {
    /// What `RawRun::ask` answers, with a number.
    Ask {
        /// `ctx.random` of task, token: -1 once the attempt is over.
        Random,
        /// A text stream is open, and the machine closes it with its attempt: task, token, stream.
        OpenStream,
        /// The node closed a stream: task, token, stream.
        CloseStream,
        /// Where the bytes of the append under way are, in memory.
        Record,
        /// The session's status, as `Status` numbers it.
        Status,
        /// The session's last completed step.
        Step,
        /// Steps completed by this execution.
        Steps,
        /// 1 if a pull may let the run go on: then tell `Pulled`.
        NeedsPulled,
        /// A reader has read the log up to the number `b`: reader. 0: it has to read on.
        Rejoin,
        /// Removes a reader.
        Unsubscribe,
        /// Events that a reader lost.
        Dropped,
        /// `join` or `result` was asked for.
        ExcuseReaders,
        /// From now on keeps `a` events for late readers.
        Keep,
        /// The session's metadata: a handle plus one; 0 is none.
        Metadata,
        /// A reader has taken events that it had pulled before: reader, the time.
        Touch,
        /// When the session began.
        CreatedAt,
        /// The session's branch, from 1.
        Branch,
        /// The last event of branch `a`; -1: it has no end.
        CursorEnd,
        /// 1 if nothing but the record that takes up the session was sent, and the store does not have it.
        IsTakingOver,
        /// The step by which what is kept for the tasks under way goes: see `Progress::key_step`.
        KeyStep,
        /// The frame that what is told and asked next about tasks, folds and routes concerns: frame.
        Enter,
        /// An attempt goes on: task, token.
        IsRunning,
        /// What an attempt was told that asked last: a handle plus one of what is recorded (0: `undefined`), a wait (from 2^31), -1 the attempt is
        /// over, -2 a duplicate, -3 nothing is recorded, -4 there is no store.
        Asked,
    }
}
