//! Answers that wait until what they promise is in the ledger: a command that was answered is obeyed
//! by the next process too, whatever ends this one.

use super::job::LiveJob;
use super::session::Session;
use crate::runtime::shell::Shell;
use mio::Token;
use serde_json::{Value, json};

/// Answers that wait at most; a further command is refused before it does anything.
pub const PROMISES_MAX: usize = 64;

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// Not in a commit yet.
    waiting: Vec<(Token, Value)>,
    /// In the commit that is on its way.
    flying: Vec<(Token, Value)>,
}

impl Promises {
    pub fn has_room(&self) -> bool {
        self.waiting.len() + self.flying.len() < PROMISES_MAX
    }

    /// A commit is wanted for them.
    pub fn wants_commit(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub fn give(&mut self, client: Token, answer: Value) {
        self.waiting.push((client, answer));
    }

    /// A commit with everything so far begins; there is one at a time.
    pub fn commit_begins(&mut self) {
        self.flying.append(&mut self.waiting);
    }

    /// It came back: those that may be answered.
    fn kept(&mut self) -> Vec<(Token, Value)> {
        std::mem::take(&mut self.flying)
    }
}

impl Session<'_> {
    /// A commit came back; `refused` says why it is not in the ledger. What was commanded acts all
    /// the same.
    pub(super) fn keep_promises(&mut self, refused: Option<&str>, shell: &mut Shell<LiveJob>) {
        for (client, mut answer) in self.promises.kept() {
            if let Some(why) = refused {
                answer = json!({
                    "ok": false,
                    "error": format!(
                        "it acts, but the ledger does not take it: {why}; another process would \
                         not know of it"
                    ),
                });
            }
            self.answer(client, &answer, shell);
        }
    }

    /// One line to a client.
    pub(super) fn answer(&mut self, client: Token, answer: &Value, shell: &mut Shell<LiveJob>) {
        if let Some(control) = &mut self.control {
            control.answer(client, &answer.to_string(), shell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_waits_for_the_commit_that_began_after_it_was_given() {
        let mut promises = Promises::default();
        assert!(!promises.wants_commit());
        promises.give(Token(1), json!(1));
        assert!(promises.wants_commit());
        promises.commit_begins();
        promises.give(Token(2), json!(2));
        assert_eq!(promises.kept(), [(Token(1), json!(1))]);
        assert!(promises.wants_commit());
        promises.commit_begins();
        assert_eq!(promises.kept(), [(Token(2), json!(2))]);
        assert_eq!(promises.kept(), []);
    }

    #[test]
    fn they_are_bounded() {
        let mut promises = Promises::default();
        for number in 0..PROMISES_MAX {
            assert!(promises.has_room());
            promises.give(Token(number), json!(null));
        }
        assert!(!promises.has_room());
        promises.commit_begins();
        assert!(!promises.has_room());
    }
}
