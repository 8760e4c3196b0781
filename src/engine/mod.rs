//! The machine: decides everything about a run and does nothing. Inputs go in, commands come out; it has no I/O, no clock and no
//! randomness of its own, so any order of completions and a crash after any command can be tried on the host.
//!
//! One `Machine` is one execution of one session. Invariant: it holds no values, only handles; and it never waits: where it must, it
//! keeps a `Phase` and returns.

mod barrier;
mod children;
mod command;
mod finish;
mod frame;
mod input;
mod keeping;
mod machine;
mod pausing;
mod pool;
mod publishing;
mod random;
mod solo;
mod start;
mod step;
mod storing;
mod task;
mod timers;
mod update;

pub use command::{Abort, Command, Solo};
pub use input::{Answers, GraphPolicy, Input, Options, Outcome, Pause, Progress, Start, Thrown};
pub use keeping::{Asked, Question};
pub use machine::Machine;
pub use random::Random;
