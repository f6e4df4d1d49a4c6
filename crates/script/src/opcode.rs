//! Opcodes by number, and the walk over a script (v0.21.5.5 src/script/script.h, script.cpp GetScriptOp).

/// Pushes the empty string.
pub const OP_0: u8 = 0x00;
/// The next byte is the length of the push.
pub const OP_PUSHDATA1: u8 = 0x4c;
/// The next two bytes are the length of the push.
pub const OP_PUSHDATA2: u8 = 0x4d;
/// The next four bytes are the length of the push.
pub const OP_PUSHDATA4: u8 = 0x4e;
/// Pushes -1.
pub const OP_1NEGATE: u8 = 0x4f;
/// Pushes 1.
pub const OP_1: u8 = 0x51;
/// Pushes 16; the last opcode that counts as a push.
pub const OP_16: u8 = 0x60;
/// Makes an output unspendable.
pub const OP_RETURN: u8 = 0x6a;
/// Compares.
pub const OP_EQUAL: u8 = 0x87;
/// RIPEMD160 of SHA256.
pub const OP_HASH160: u8 = 0xa9;
/// Checks one signature.
pub const OP_CHECKSIG: u8 = 0xac;
/// Checks one signature and fails without.
pub const OP_CHECKSIGVERIFY: u8 = 0xad;
/// Checks m of n signatures.
pub const OP_CHECKMULTISIG: u8 = 0xae;
/// Checks m of n signatures and fails without.
pub const OP_CHECKMULTISIGVERIFY: u8 = 0xaf;

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
    let mut magnitude = value.unsigned_abs();
    let mut out = Vec::new();
    while magnitude != 0 {
        out.push((magnitude & 0xff).to_le_bytes()[0]);
        magnitude >>= 8;
    }
    if out.last().is_some_and(|top| top & 0x80 != 0) {
        out.push(0);
    }
    if value < 0
        && let Some(top) = out.last_mut()
    {
        *top |= 0x80;
    }
    out
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
