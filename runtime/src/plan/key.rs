//! The static key: what decides an action's result beside the content of its inputs.

use cofferdam_cache::Key;

use crate::plan::action::{Action, Verb};
use crate::sandbox::SEMANTICS;

/// Changes when the list below, or the encoding of a part, does.
const FORMAT: u32 = 1;

/// blake3 of the parts, each with its length before it:
///
/// | part | why it enters |
/// |---|---|
/// | format, sandbox semantics | old results may be wrong |
/// | component | the program |
/// | verb, config or arguments | what the program is asked |
/// | outputs it must leave | without them it has failed |
/// | environment | the program sees it |
/// | needs' names in their order, base | the folders the program sees |
/// | `reads` | the program sees what it shows |
/// | effective grants | what the program may do |
/// | limits but the time-out | a program may meet them and go on |
/// | layered | what is kept |
/// | salt | the user asked for another result |
///
/// Never the content of inputs, names of actions, or a time-out.
pub fn static_key(action: &Action) -> Key {
    let mut hasher = Parts::default();
    hasher.number(u64::from(FORMAT));
    hasher.number(u64::from(SEMANTICS));
    hasher.bytes(&action.program.digest().hash);
    match &action.verb {
        Verb::Run { config } => {
            hasher.text("run");
            hasher.text(config);
        }
        Verb::Plan { config } => {
            hasher.text("plan");
            hasher.text(config);
        }
        Verb::Command { arguments } => {
            hasher.text("command");
            hasher.number(arguments.len() as u64);
            for argument in arguments {
                hasher.text(argument);
            }
        }
        Verb::Gather => hasher.text("gather"),
    }
    hasher.number(action.outputs.len() as u64);
    for output in &action.outputs {
        hasher.text(output);
    }
    hasher.number(action.environment.len() as u64);
    for (name, value) in &action.environment {
        hasher.text(name);
        hasher.text(value);
    }
    hasher.number(action.needs.len() as u64);
    for need in &action.needs {
        hasher.text(&need.name);
    }
    hasher.number(u64::from(action.base.is_some()));
    for layer in action.sight.written() {
        hasher.text("reads");
        for pattern in layer {
            hasher.text(pattern);
        }
    }
    hasher.text("end of reads");
    hasher.text(&action.grants.encode());
    hasher.number(action.limits.memory);
    hasher.number(action.limits.output);
    hasher.number(action.limits.log_lines as u64);
    hasher.number(u64::from(action.layered));
    hasher.text(&action.salt);
    Key(hasher.finish())
}

/// A blake3 of parts that cannot run into one another.
#[derive(Default)]
pub struct Parts(blake3::Hasher);

impl Parts {
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub fn number(&mut self, number: u64) {
        self.0.update(&number.to_le_bytes());
    }

    pub fn finish(self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}
