//! What a new tip says about the rest of the network: rules that this software does not know
//! (v0.21.5.5 src/validation.cpp, UpdateTip and DoWarning).

use litecast_consensus::versionbits::unknown::{unexpected_versions, unknown_rules};

use super::Writer;
use crate::{
    command::FeedItem,
    index::{ChainAt, Id},
};

impl Writer {
    /// Warns of unknown rules in force; answers with what the log's line about the tip should add.
    pub(super) fn look_for_unknown_rules(&mut self, tip: Id) -> String {
        let (rules, unexpected) = {
            let index = self.shared.index.read();
            if self.shared.is_initial_download(&index) {
                return String::new();
            }
            let chain = ChainAt::new(&index, tip);
            let (params, known) = (&self.shared.params, &self.shared.versionbits);
            (unknown_rules(&chain, params, known, &self.unknown_rules), unexpected_versions(&chain, params, known))
        };
        if unexpected > 0 {
            tracing::debug!(target: "validation", "{unexpected} of last 100 blocks have unexpected version");
        }
        for bit in &rules.active {
            self.warn(warning(*bit));
        }
        let soon: Vec<String> = rules.locked_in.iter().map(|bit| warning(*bit)).collect();
        if soon.is_empty() { String::new() } else { format!(" warning='{}'", soon.join(", ")) }
    }

    fn warn(&mut self, text: String) {
        *self.shared.warning.lock() = Some(text.clone());
        if !std::mem::replace(&mut self.warned, true) {
            self.send(FeedItem::Warning(text));
        }
    }
}

fn warning(bit: usize) -> String {
    format!("Warning: unknown new rules activated (versionbit {bit})")
}
