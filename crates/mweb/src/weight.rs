//! Weight: how much of an extension block something takes (v0.21.5.5 src/libmw/include/mw/consensus/Weight.h and
//! Params.h). Units of weight; an input without extra data weighs nothing.

use litecast_primitives::mweb::{Input, Kernel, Output, TxBody};

/// Bytes of extra data that weigh one.
pub const BYTES_PER_WEIGHT: usize = 42;
/// Weight of a kernel.
pub const BASE_KERNEL_WEIGHT: usize = 2;
/// What a stealth excess adds.
pub const STEALTH_EXCESS_WEIGHT: usize = 1;
/// Weight of an output.
pub const BASE_OUTPUT_WEIGHT: usize = 17;
/// What the standard fields add.
pub const STANDARD_OUTPUT_FIELDS_WEIGHT: usize = 1;
/// Most inputs of an extension block.
pub const MAX_NUM_INPUTS: usize = 50_000;
/// Heaviest extension block.
pub const MAX_BLOCK_WEIGHT: usize = 200_000;
/// Heaviest extension block that a miner should make. No rule.
pub const MAX_MINE_WEIGHT: usize = 20_000;

/// Bit of an output message that has the standard fields.
const OUTPUT_STANDARD_FIELDS: u8 = 1;

/// Weight of a body (Weight::Calculate).
pub fn body_weight(body: &TxBody) -> usize {
    body.inputs.iter().map(input_weight).sum::<usize>()
        + body.kernels.iter().map(kernel_weight).sum::<usize>()
        + body.outputs.iter().map(output_weight).sum::<usize>()
}

/// Whether a body is too much for a block (Weight::ExceedsMaximum).
pub fn exceeds_maximum(body: &TxBody) -> bool {
    body.inputs.len() > MAX_NUM_INPUTS || body_weight(body) > MAX_BLOCK_WEIGHT
}

/// Weight of an input (CalcInputWeight).
pub fn input_weight(input: &Input) -> usize {
    extra_weight(input.extra_data.as_deref().unwrap_or_default())
}

/// Weight of a kernel (CalcKernelWeight).
pub fn kernel_weight(kernel: &Kernel) -> usize {
    let scripts = kernel.peg_outs.iter().map(|peg_out| peg_out.script_pubkey.as_ref());
    kernel_weight_of(kernel.stealth_excess.is_some(), scripts, &kernel.extra_data)
}

/// Weight of a kernel that does not exist yet (CalcKernelWeight).
pub fn kernel_weight_of<'a>(
    has_stealth_excess: bool,
    peg_out_scripts: impl Iterator<Item = &'a [u8]>,
    extra_data: &[u8],
) -> usize {
    let stealth = if has_stealth_excess { STEALTH_EXCESS_WEIGHT } else { 0 };
    BASE_KERNEL_WEIGHT + stealth + peg_out_scripts.map(extra_weight).sum::<usize>() + extra_weight(extra_data)
}

/// Weight of an output (CalcOutputWeight).
pub fn output_weight(output: &Output) -> usize {
    let standard =
        if output.message.features & OUTPUT_STANDARD_FIELDS != 0 { STANDARD_OUTPUT_FIELDS_WEIGHT } else { 0 };
    BASE_OUTPUT_WEIGHT + standard + extra_weight(output.message.extra_data.as_deref().unwrap_or_default())
}

fn extra_weight(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(BYTES_PER_WEIGHT)
}
