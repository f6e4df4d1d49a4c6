//! The parts of the evaluator against plain models.

use proptest::prelude::*;

use super::{conditions::Conditions, element::Element, number, script_code::find_and_delete};
use crate::{
    opcode::{Instructions, push_bytes},
    script_error::ScriptError,
};

#[derive(Debug, Clone, Copy)]
enum Step {
    Enter(bool),
    Toggle,
    Leave,
}

/// A number as the reference's comments describe it, digit by digit.
fn number_model(value: i64) -> Vec<u8> {
    let mut digits = Vec::new();
    let mut rest = value.unsigned_abs();
    while rest > 0 {
        digits.push(u8::try_from(rest % 256).unwrap());
        rest /= 256;
    }
    let sign = if value < 0 { 0x80 } else { 0 };
    match digits.last_mut() {
        Some(top) if *top < 0x80 => *top += sign,
        Some(_) => digits.push(sign),
        None => {}
    }
    digits
}

/// Opcode by opcode: dropped where the rest starts with the push, kept otherwise.
fn find_and_delete_model(script: &[u8], data: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::new();
    push_bytes(&mut pattern, data);
    let (mut kept, mut rest) = (Vec::new(), script);
    loop {
        if let Some(after) = rest.strip_prefix(pattern.as_slice()) {
            rest = after;
            continue;
        }
        let mut walk = Instructions::new(rest);
        match walk.next() {
            Some(Ok(_)) => {
                kept.extend_from_slice(&rest[..rest.len() - walk.rest().len()]);
                rest = walk.rest();
            }
            _ => return [kept, rest.to_vec()].concat(),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![any::<bool>().prop_map(Step::Enter), Just(Step::Toggle), Just(Step::Leave)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conditions_are_a_stack_of_truths(steps in proptest::collection::vec(step(), 0..60)) {
        let (mut conditions, mut model) = (Conditions::default(), Vec::new());
        for step in steps {
            match step {
                Step::Enter(holds) => {
                    conditions.enter(holds);
                    model.push(holds);
                }
                Step::Toggle => {
                    let top = model.last_mut();
                    prop_assert_eq!(conditions.toggle().is_ok(), top.is_some());
                    top.into_iter().for_each(|top| *top = !*top);
                }
                Step::Leave => prop_assert_eq!(conditions.leave().is_ok(), model.pop().is_some()),
            }
            prop_assert_eq!(conditions.all_true(), model.iter().all(|holds| *holds));
            prop_assert_eq!(conditions.is_empty(), model.is_empty());
        }
    }

    #[test]
    fn numbers_and_back(value in any::<i64>(), shift in 0..64) {
        let value = value >> shift;
        let element = Element::number(value);
        prop_assert_eq!(element.bytes(), number_model(value));
        prop_assert_eq!(element.is_true(), value != 0);
        let small = value.abs() < 1 << 31;
        prop_assert_eq!(number::operand(element.bytes(), true, 4).ok(), small.then_some(value));
    }

    /// Any bytes are a number, and only one form of it is minimal.
    #[test]
    fn one_form_is_minimal(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(0x80)], 0..6)) {
        let value = number::value(&bytes);
        let minimal = Element::number(value).bytes() == bytes;
        prop_assert_eq!(Element::from(bytes.as_slice()).is_true(), value != 0);
        let expected = if minimal && bytes.len() <= 5 { Ok(value) } else { Err(ScriptError::UnknownError) };
        prop_assert_eq!(number::operand(&bytes, true, 5), expected);
        prop_assert_eq!(number::operand(&bytes, false, 5).ok(), (bytes.len() <= 5).then_some(value));
    }

    #[test]
    fn pushes_are_deleted(
        data in prop_oneof![proptest::collection::vec(0u8..3, 0..3), proptest::collection::vec(0u8..2, 76..77)],
        parts in proptest::collection::vec((any::<bool>(), proptest::collection::vec(0u8..4, 0..4)), 0..12),
    ) {
        let mut script = Vec::new();
        for (push, bytes) in parts {
            if push { push_bytes(&mut script, &data) } else { script.extend(bytes) }
        }
        let expected = find_and_delete_model(&script, &data);
        let found = find_and_delete(&script, &data);
        prop_assert_eq!(found.is_some(), expected != script);
        prop_assert_eq!(found.unwrap_or(script), expected);
    }
}

// v0.21.5.5 src/test/script_tests.cpp, script_FindAndDelete
#[test]
fn only_whole_opcodes_are_deleted() {
    let check = |script: &str, data: &str, expected: Option<&str>| {
        let found = find_and_delete(&hex::decode(script).unwrap(), &hex::decode(data).unwrap());
        assert_eq!(found.map(hex::encode).as_deref(), expected, "{script} {data}");
    };
    check("0302ff03", "", None);
    check("0302ff030302ff03", "02ff03", Some(""));
    check("02feed5169", "feed51", None);
    check("0003feed00", "feed00", Some("00"));
    check("0003feed", "feed", None);
    check("02feed03feed", "feed", Some("03feed"));
}
