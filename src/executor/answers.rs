//! What a resume answers to the questions of nodes. Which of them are open is the engine's to know.

use super::arena::is_too_deep;
use super::checkpointer::Refusal;
use super::execution::Execution;
use crate::engine;
use crate::error::ErrorCode;
use serde::Serialize;
use serde_json::Value;

type Given = Result<Value, String>;

/// Answers of a resume: `()` for none, one for the only question that is open, or answers by id. Those of questions that are not open
/// are refused with INTERRUPT_UNKNOWN, before anything runs.
///
/// ```
/// use weavegraph_wasm::executor::Answers;
///
/// let one = Answers::one(true);
/// let several = Answers::by_id([("price", 12)]).and("name", "Ada");
/// # drop((one, several));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Answers {
    one: Option<Given>,
    by_id: Option<Vec<(String, Given)>>,
}

fn given(value: impl Serialize) -> Given {
    let value = serde_json::to_value(value).map_err(|error| format!("is no JSON: {error}"))?;
    if is_too_deep(&value) { Err("is more than 100 levels deep; flatten it".to_owned()) } else { Ok(value) }
}

impl Answers {
    /// To the one question that is open.
    pub fn one(answer: impl Serialize) -> Self {
        Self { one: Some(given(answer)), by_id: None }
    }

    /// Each to the question of its id. Questions that get none stay open.
    pub fn by_id(answers: impl IntoIterator<Item = (impl Into<String>, impl Serialize)>) -> Self {
        let answers = answers.into_iter().map(|(id, answer)| (id.into(), given(answer)));
        Self { one: None, by_id: Some(answers.collect()) }
    }

    /// One more by id, which takes the place of [`one`](Self::one).
    pub fn and(mut self, id: impl Into<String>, answer: impl Serialize) -> Self {
        self.one = None;
        self.by_id.get_or_insert_default().push((id.into(), given(answer)));
        self
    }
}

/// None: goes on after a failure, a crash or a pause before or after a node.
impl From<()> for Answers {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl Execution {
    /// Answers as the engine takes them; STATE_NOT_CLONEABLE names one that no record can hold.
    pub(super) fn read_answers(&self, Answers { one, by_id }: Answers) -> Result<engine::Answers, Refusal> {
        let put = |name: &str, given: Given| match given {
            Ok(value) => Ok(Some(self.arena.borrow_mut().put(value))),
            Err(problem) => Err(Refusal { code: ErrorCode::StateNotCloneable, text: format!("{name} {problem}") }),
        };
        match (one, by_id) {
            (Some(answer), _) => Ok(engine::Answers::One(put("the answer", answer)?)),
            (None, Some(answers)) => {
                let answers =
                    answers.into_iter().map(|(id, answer)| Ok((id.as_str().into(), put(&format!("the answer to `{id}`"), answer)?)));
                Ok(engine::Answers::ById(answers.collect::<Result<_, Refusal>>()?))
            }
            (None, None) => Ok(engine::Answers::None),
        }
    }
}
