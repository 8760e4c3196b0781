//! Older schemas. Reading follows the newest layout; where an older record lacks something, the module of its version says what
//! stands for it. A version's module never changes once a newer one is there.

pub mod v1;
