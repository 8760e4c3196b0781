//! Event types and the sets of them that filters name.

macro_rules! kinds {
    ($($variant:ident = $text:literal,)*) => {
        /// The type of an event; its number is part of stored records and of the boundary.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum EventKind { $($variant,)* }

        impl EventKind {
            /// In the order of their numbers; new ones go to the end.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The type as users see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

kinds! {
    RunStarted = "run.started",
    RunCompleted = "run.completed",
    RunFailed = "run.failed",
    RunCancelled = "run.cancelled",
    RunInterrupted = "run.interrupted",
    StepStarted = "step.started",
    StepCompleted = "step.completed",
    NodeStarted = "node.started",
    NodeCompleted = "node.completed",
    NodeSkipped = "node.skipped",
    NodeFailed = "node.failed",
    NodeRetrying = "node.retrying",
    Message = "message",
    LlmChunk = "llm.chunk",
    LlmFinal = "llm.final",
    LlmError = "llm.error",
    ToolCall = "tool.call",
    ToolResult = "tool.result",
    Progress = "progress",
    Milestone = "milestone",
    Custom = "custom",
    Diagnostic = "diagnostic",
    CheckpointSaved = "checkpoint.saved",
    StreamGap = "stream.gap",
    StreamReset = "stream.reset",
    Snapshot = "snapshot",
}

impl EventKind {
    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }

    /// Whether it ends an execution.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::RunCompleted | Self::RunFailed | Self::RunCancelled | Self::RunInterrupted)
    }

    /// Whether user code makes it, by `ctx`.
    pub fn is_from_user(self) -> bool {
        let number = self as u8;
        (Self::Message as u8..=Self::Diagnostic as u8).contains(&number)
    }
}

/// A set of event kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mask(u32);

impl Mask {
    /// Every kind: `debug` and `all`.
    pub const ALL: Self = Self(u32::MAX);

    /// `run.*`, `stream.*` and `snapshot`, which every filter lets pass: `minimal`.
    pub fn minimal() -> Self {
        Self::of(&[
            EventKind::RunStarted,
            EventKind::RunCompleted,
            EventKind::RunFailed,
            EventKind::RunCancelled,
            EventKind::RunInterrupted,
            EventKind::StreamGap,
            EventKind::StreamReset,
            EventKind::Snapshot,
        ])
    }

    /// `llm.*`, `tool.*` and `step.completed` on top of `minimal`: `chat`.
    pub fn chat() -> Self {
        let more = Self::of(&[
            EventKind::LlmChunk,
            EventKind::LlmFinal,
            EventKind::LlmError,
            EventKind::ToolCall,
            EventKind::ToolResult,
            EventKind::StepCompleted,
        ]);
        Self(Self::minimal().0 | more.0)
    }

    /// The filter that a user names: a preset or a list of types and `custom:<name>`s. `None` when a name is unknown.
    pub fn parse<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut mask = Self::minimal().0;
        for name in names {
            mask |= match name {
                "minimal" => 0,
                "chat" => Self::chat().0,
                "debug" | "all" => Self::ALL.0,
                _ if name.starts_with("custom:") && name.len() > "custom:".len() => Self::of(&[EventKind::Custom]).0,
                _ => match EventKind::ALL.iter().find(|kind| kind.as_str() == name) {
                    Some(kind) => Self::of(&[*kind]).0,
                    None => return Err(name),
                },
            };
        }
        Ok(Self(mask))
    }

    /// A set of these kinds.
    pub fn of(kinds: &[EventKind]) -> Self {
        Self(kinds.iter().fold(0, |mask, kind| mask | 1 << (*kind as u32)))
    }

    /// As a number.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// From a number.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether `kind` is in it.
    pub fn has(self, kind: EventKind) -> bool {
        self.0 & (1 << (kind as u32)) != 0
    }
}
