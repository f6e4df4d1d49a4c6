//! Opcodes by number and a writer of scripts. Apart from the script crate on purpose: the tree is an oracle for it.

macro_rules! opcodes {
    ($($name:ident $byte:literal)*) => { $(pub(crate) const $name: u8 = $byte;)* };
}

opcodes! {
    PUSHDATA1 0x4c PUSHDATA2 0x4d PUSHDATA4 0x4e ONE_NEGATE 0x4f RESERVED 0x50 TRUE 0x51 NOP 0x61 VER 0x62 IF 0x63
    NOTIF 0x64 VERIF 0x65 VERNOTIF 0x66 ELSE 0x67 ENDIF 0x68 VERIFY 0x69 RETURN 0x6a TOALTSTACK 0x6b FROMALTSTACK 0x6c DROP 0x75
    DUP 0x76 SWAP 0x7c CAT 0x7e AND 0x84 EQUAL 0x87 EQUALVERIFY 0x88 ADD1 0x8b MUL2 0x8d NOT 0x91 ADD 0x93 MUL 0x95
    NUMEQUALVERIFY 0x9d HASH160 0xa9 CODESEPARATOR 0xab CHECKSIG 0xac CHECKSIGVERIFY 0xad CHECKMULTISIG 0xae
    CHECKMULTISIGVERIFY 0xaf NOP1 0xb0 CLTV 0xb1 CSV 0xb2 NOP4 0xb3 NOP10 0xb9 CHECKSIGADD 0xba INVALID 0xff
}

/// A script in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script(Vec<u8>);

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Opcodes or any other bytes, as they are.
    pub(crate) fn ops(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// `count` times the same opcode.
    pub(crate) fn repeat(mut self, opcode: u8, count: usize) -> Self {
        self.0.resize(self.0.len() + count, opcode);
        self
    }

    /// The shortest push by length; small numbers have no short form here.
    pub(crate) fn push(mut self, data: &[u8]) -> Self {
        match u16::try_from(data.len()).expect("because no script pushes that much") {
            short @ 0..=75 => self.0.push(short.to_le_bytes()[0]),
            short @ 76..=255 => self.0.extend([PUSHDATA1, short.to_le_bytes()[0]]),
            long => {
                self.0.push(PUSHDATA2);
                self.0.extend(long.to_le_bytes());
            }
        }
        self.0.extend_from_slice(data);
        self
    }

    /// A number in its shortest form.
    pub(crate) fn num(mut self, value: i64) -> Self {
        match value {
            0 => self.0.push(0),
            -1 => self.0.push(ONE_NEGATE),
            1..=16 => self.0.push(0x50 + value.to_le_bytes()[0]),
            _ => self = self.push(&number(value)),
        }
        self
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Little endian with the sign in the highest bit, as short as possible.
pub(crate) fn number(value: i64) -> Vec<u8> {
    let mut bytes: Vec<u8> = value.unsigned_abs().to_le_bytes().to_vec();
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.last().is_some_and(|last| last & 0x80 != 0) {
        bytes.push(0);
    }
    if value < 0
        && let Some(last) = bytes.last_mut()
    {
        *last |= 0x80;
    }
    bytes
}
