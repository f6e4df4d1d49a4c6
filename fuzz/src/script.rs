//! Scripts: any bytes are one; walking, counting, templates and words.

use bytes::Bytes;
use litecast_primitives::params::{Network, Params};
use litecast_script::{
    Instructions,
    address::Destination,
    asm::script_to_asm,
    opcode::{OP_PUSHDATA4, is_push_only, number_bytes, push_bytes, push_number},
    sigops,
    standard::Standard,
    template::{hogaddr_header, is_p2sh, is_unspendable, peg_in_kernel, witness_program},
};

/// A script, read in every way.
pub fn script(data: &[u8]) {
    let mut walk = Instructions::new(data);
    let (mut steps, mut bytes) = (0usize, 0usize);
    let mut whole = true;
    while let Some(step) = walk.next() {
        steps += 1;
        match step {
            Ok(instruction) => {
                bytes += 1 + instruction.data.len();
                assert!(instruction.opcode <= OP_PUSHDATA4 || instruction.data.is_empty());
            }
            Err(_) => {
                whole = false;
                assert!(walk.next().is_none(), "a walk went on after its end");
            }
        }
        assert!(steps <= data.len() && bytes <= data.len());
    }
    assert!(!is_push_only(data) || whole);
    let (rough, accurate) = (sigops::count(data, false), sigops::count(data, true));
    assert!(accurate <= rough && rough <= 20 * data.len() as u64);
    let words = script_to_asm(data, false);
    assert!(words.len() <= 24 * (data.len() + 1), "{} bytes became {} of words", data.len(), words.len());
    script_to_asm(data, true);

    let program = witness_program(data);
    assert!(program.is_none_or(|program| program.version <= 16 && (2..=40).contains(&program.program.len())));
    assert!(peg_in_kernel(data).is_none() || program.is_some());
    assert!(hogaddr_header(data).is_none() || program.is_some());
    let template = Standard::of(data);
    assert!(!is_p2sh(data) || matches!(template, Standard::ScriptHash(_)), "{template:?}");
    assert!(!is_unspendable(data) || matches!(template, Standard::NullData | Standard::NonStandard), "{template:?}");
    let prefixes = Params::new(Network::Main).addresses;
    let destinations = template.destinations();
    assert!(destinations.len() <= 16 && usize::from(template.required_signatures()) <= 16);
    for destination in &destinations {
        let text = destination.encode(&prefixes);
        assert_eq!(Destination::decode(&text, &prefixes).as_ref(), Some(destination), "{text}");
    }
    if let ([only], true) =
        (destinations.as_slice(), !matches!(template, Standard::PubKey(_) | Standard::Multisig { .. }))
    {
        assert_eq!(only.script_pubkey(), data);
    }

    // As redeem script and as witness script.
    let mut redeem = Vec::new();
    push_bytes(&mut redeem, data);
    assert!(is_push_only(&redeem));
    let stack = [Bytes::copy_from_slice(data)];
    for pubkey in [&[0xa9; 1][..], data] {
        sigops::input_cost(&redeem, pubkey, &stack, true, true);
        sigops::input_cost(data, pubkey, &[], true, true);
    }
    if let Some(number) = data.first_chunk::<8>().map(|bytes| i64::from_le_bytes(*bytes)) {
        let mut push = Vec::new();
        push_number(&mut push, number);
        assert!(is_push_only(&push) && number_bytes(number).len() <= 9);
    }
}
