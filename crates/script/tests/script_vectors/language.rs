//! Scripts in the words of the vectors (v0.21.5.5 src/core_read.cpp, ParseScript): numbers, `0x` and raw bytes,
//! `'text'` to push, names of opcodes with or without `OP_`.

use std::collections::HashMap;

use litecast_script::opcode::{self, push_bytes, push_number};

pub(crate) struct Language(HashMap<String, u8>);

impl Language {
    pub(crate) fn new() -> Self {
        let codes = std::iter::once(opcode::OP_RESERVED).chain(opcode::OP_NOP..=opcode::OP_NOP10);
        let names = codes.filter_map(|code| opcode::name(code).map(|name| (name, code)));
        Self(names.flat_map(|(name, code)| [(name.to_owned(), code), (name["OP_".len()..].to_owned(), code)]).collect())
    }

    pub(crate) fn parse(&self, text: &str) -> Vec<u8> {
        let mut script = Vec::new();
        for word in text.split_ascii_whitespace() {
            if let Ok(number) = word.parse() {
                push_number(&mut script, number);
            } else if let Some(raw) = word.strip_prefix("0x") {
                script.extend(hex::decode(raw).unwrap());
            } else if let Some(quoted) = word.strip_prefix('\'') {
                push_bytes(&mut script, quoted.strip_suffix('\'').unwrap().as_bytes());
            } else {
                script.push(*self.0.get(word).unwrap_or_else(|| panic!("no word {word}")));
            }
        }
        script
    }
}

#[test]
fn words() {
    let language = Language::new();
    let script = language.parse("0 16 17 -1 0x4c01ab 'az' OP_ADD ADD CHECKLOCKTIMEVERIFY ''");
    assert_eq!(hex::encode(script), "006001114f4c01ab02617a9393b100");
}
