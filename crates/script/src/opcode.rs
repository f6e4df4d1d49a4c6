//! Opcodes by number, and the walk over a script (v0.21.5.5 src/script/script.h, script.cpp GetScriptOp).

use crate::interpreter::Element;

macro_rules! opcodes {
    ($($code:literal $name:ident $doc:literal;)*) => {
        $(#[doc = $doc] pub const $name: u8 = $code;)*

        /// The name of an opcode that has one of its own: `OP_2` to `OP_15` have none here.
        pub const fn name(opcode: u8) -> Option<&'static str> {
            match opcode {
                $($name => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

opcodes! {
    0x00 OP_0 "Pushes the empty string.";
    0x4c OP_PUSHDATA1 "The next byte is the length of the push.";
    0x4d OP_PUSHDATA2 "The next two bytes are the length of the push.";
    0x4e OP_PUSHDATA4 "The next four bytes are the length of the push.";
    0x4f OP_1NEGATE "Pushes -1.";
    0x50 OP_RESERVED "Fails where executed; counts as a push nevertheless.";
    0x51 OP_1 "Pushes 1.";
    0x60 OP_16 "Pushes 16; the last opcode that counts as a push.";
    0x61 OP_NOP "Does nothing.";
    0x62 OP_VER "Fails where executed.";
    0x63 OP_IF "Executes what follows if the top is true.";
    0x64 OP_NOTIF "Executes what follows if the top is false.";
    0x65 OP_VERIF "Fails, executed or not.";
    0x66 OP_VERNOTIF "Fails, executed or not.";
    0x67 OP_ELSE "Executes what follows if what came before was not.";
    0x68 OP_ENDIF "Ends a condition.";
    0x69 OP_VERIFY "Fails unless the top is true.";
    0x6a OP_RETURN "Makes an output unspendable.";
    0x6b OP_TOALTSTACK "Moves the top to the alternative stack.";
    0x6c OP_FROMALTSTACK "Moves the top of the alternative stack back.";
    0x6d OP_2DROP "Removes two.";
    0x6e OP_2DUP "Copies the top two.";
    0x6f OP_3DUP "Copies the top three.";
    0x70 OP_2OVER "Copies the two below the top two.";
    0x71 OP_2ROT "Moves the fifth and sixth to the top.";
    0x72 OP_2SWAP "Swaps the top two pairs.";
    0x73 OP_IFDUP "Copies the top if it is true.";
    0x74 OP_DEPTH "Pushes the number of elements.";
    0x75 OP_DROP "Removes the top.";
    0x76 OP_DUP "Copies the top.";
    0x77 OP_NIP "Removes the second.";
    0x78 OP_OVER "Copies the second.";
    0x79 OP_PICK "Copies the one at the given depth.";
    0x7a OP_ROLL "Moves the one at the given depth to the top.";
    0x7b OP_ROT "Moves the third to the top.";
    0x7c OP_SWAP "Swaps the top two.";
    0x7d OP_TUCK "Copies the top below the second.";
    0x7e OP_CAT "Disabled.";
    0x7f OP_SUBSTR "Disabled.";
    0x80 OP_LEFT "Disabled.";
    0x81 OP_RIGHT "Disabled.";
    0x82 OP_SIZE "Pushes the length of the top.";
    0x83 OP_INVERT "Disabled.";
    0x84 OP_AND "Disabled.";
    0x85 OP_OR "Disabled.";
    0x86 OP_XOR "Disabled.";
    0x87 OP_EQUAL "Compares.";
    0x88 OP_EQUALVERIFY "Compares and fails if different.";
    0x89 OP_RESERVED1 "Fails where executed.";
    0x8a OP_RESERVED2 "Fails where executed.";
    0x8b OP_1ADD "Adds 1.";
    0x8c OP_1SUB "Subtracts 1.";
    0x8d OP_2MUL "Disabled.";
    0x8e OP_2DIV "Disabled.";
    0x8f OP_NEGATE "Changes the sign.";
    0x90 OP_ABS "Drops the sign.";
    0x91 OP_NOT "Whether the number is zero.";
    0x92 OP_0NOTEQUAL "Whether the number is not zero.";
    0x93 OP_ADD "Sum.";
    0x94 OP_SUB "Difference.";
    0x95 OP_MUL "Disabled.";
    0x96 OP_DIV "Disabled.";
    0x97 OP_MOD "Disabled.";
    0x98 OP_LSHIFT "Disabled.";
    0x99 OP_RSHIFT "Disabled.";
    0x9a OP_BOOLAND "Whether both are not zero.";
    0x9b OP_BOOLOR "Whether one is not zero.";
    0x9c OP_NUMEQUAL "Whether the numbers are equal.";
    0x9d OP_NUMEQUALVERIFY "Fails unless the numbers are equal.";
    0x9e OP_NUMNOTEQUAL "Whether the numbers differ.";
    0x9f OP_LESSTHAN "Whether the second is less than the top.";
    0xa0 OP_GREATERTHAN "Whether the second is greater than the top.";
    0xa1 OP_LESSTHANOREQUAL "Whether the second is at most the top.";
    0xa2 OP_GREATERTHANOREQUAL "Whether the second is at least the top.";
    0xa3 OP_MIN "The lesser.";
    0xa4 OP_MAX "The greater.";
    0xa5 OP_WITHIN "Whether a number is within a range.";
    0xa6 OP_RIPEMD160 "RIPEMD160.";
    0xa7 OP_SHA1 "SHA1.";
    0xa8 OP_SHA256 "SHA256.";
    0xa9 OP_HASH160 "RIPEMD160 of SHA256.";
    0xaa OP_HASH256 "SHA256 twice.";
    0xab OP_CODESEPARATOR "Signatures sign the script from here on.";
    0xac OP_CHECKSIG "Checks one signature.";
    0xad OP_CHECKSIGVERIFY "Checks one signature and fails without.";
    0xae OP_CHECKMULTISIG "Checks m of n signatures.";
    0xaf OP_CHECKMULTISIGVERIFY "Checks m of n signatures and fails without.";
    0xb0 OP_NOP1 "Does nothing, may get a meaning.";
    0xb1 OP_CHECKLOCKTIMEVERIFY "Fails before a lock time (BIP65).";
    0xb2 OP_CHECKSEQUENCEVERIFY "Fails before a relative lock time (BIP112).";
    0xb3 OP_NOP4 "Does nothing, may get a meaning.";
    0xb4 OP_NOP5 "Does nothing, may get a meaning.";
    0xb5 OP_NOP6 "Does nothing, may get a meaning.";
    0xb6 OP_NOP7 "Does nothing, may get a meaning.";
    0xb7 OP_NOP8 "Does nothing, may get a meaning.";
    0xb8 OP_NOP9 "Does nothing, may get a meaning.";
    0xb9 OP_NOP10 "Does nothing, may get a meaning.";
    0xba OP_CHECKSIGADD "Adds 1 if a signature fits; Tapscript only (BIP342).";
}

/// One opcode with the bytes it pushes, if it is a push of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction<'a> {
    /// The opcode.
    pub opcode: u8,
    /// What a push opcode up to [`OP_PUSHDATA4`] pushes; empty for all others.
    pub data: &'a [u8],
}

/// A push that reaches over the end of the script: the rest is not code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPush;

/// Walks over a script; after a [`BadPush`] it is over.
#[derive(Debug, Clone)]
pub struct Instructions<'a> {
    rest: &'a [u8],
}

impl<'a> Instructions<'a> {
    /// From the first byte.
    pub fn new(script: &'a [u8]) -> Self {
        Self { rest: script }
    }

    /// The bytes not walked over yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn push_length(&mut self, opcode: u8) -> Option<usize> {
        let width = match opcode {
            OP_0..OP_PUSHDATA1 => return Some(opcode.into()),
            OP_PUSHDATA1 => 1,
            OP_PUSHDATA2 => 2,
            _ => 4,
        };
        let (length, rest) = self.rest.split_at_checked(width)?;
        self.rest = rest;
        Some(length.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    }
}

impl<'a> Iterator for Instructions<'a> {
    type Item = Result<Instruction<'a>, BadPush>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&opcode, rest) = self.rest.split_first()?;
        self.rest = rest;
        if opcode > OP_PUSHDATA4 {
            return Some(Ok(Instruction { opcode, data: &[] }));
        }
        let parts = self.push_length(opcode).and_then(|length| self.rest.split_at_checked(length));
        let Some((data, rest)) = parts else {
            self.rest = &[];
            return Some(Err(BadPush));
        };
        self.rest = rest;
        Some(Ok(Instruction { opcode, data }))
    }
}

/// Whether the script only pushes (v0.21.5.5 src/script/script.cpp, IsPushOnly).
pub fn is_push_only(script: &[u8]) -> bool {
    Instructions::new(script).all(|step| step.is_ok_and(|i| i.opcode <= OP_16))
}

/// The number that [`OP_0`] or [`OP_1`] to [`OP_16`] stand for.
pub fn small_number(opcode: u8) -> Option<u8> {
    match opcode {
        OP_0 => Some(0),
        OP_1..=OP_16 => Some(opcode - OP_1 + 1),
        _ => None,
    }
}

/// A number in the encoding of script numbers: little-endian, sign in the top bit, as short as possible.
pub fn number_bytes(value: i64) -> Vec<u8> {
    Element::number(value).bytes().to_vec()
}

/// Appends the shortest push of a number, as `CScript << n` writes it.
pub fn push_number(script: &mut Vec<u8>, value: i64) {
    match value {
        0 => script.push(OP_0),
        -1 => script.push(OP_1NEGATE),
        1..=16 => script.push(OP_1 + u8::try_from(value - 1).expect("because the pattern bounds it")),
        _ => push_bytes(script, &number_bytes(value)),
    }
}

/// Appends a push of bytes, as `CScript << bytes` writes it.
pub fn push_bytes(script: &mut Vec<u8>, data: &[u8]) {
    let length = data.len().to_le_bytes();
    match data.len() {
        0..0x4c => script.push(length[0]),
        0x4c..=0xff => script.extend([OP_PUSHDATA1, length[0]]),
        0x100..=0xffff => script.extend([OP_PUSHDATA2, length[0], length[1]]),
        _ => script.extend([OP_PUSHDATA4, length[0], length[1], length[2], length[3]]),
    }
    script.extend_from_slice(data);
}
