//! Writes the seeds below `corpus/` anew: `cargo run --example seeds`. Small things made by hand, one for every branch
//! that random bytes would take long to find.

use std::{fs, path::Path};

#[path = "seeds/chain.rs"]
mod chain;
#[path = "seeds/mweb.rs"]
mod mweb;
#[path = "seeds/scripts.rs"]
mod scripts;
#[path = "seeds/spends.rs"]
mod spends;
#[path = "seeds/text.rs"]
mod text;

/// Name and bytes.
type Seeds = Vec<(String, Vec<u8>)>;

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut total = 0;
    for (target, seeds) in [
        ("address", scripts::addresses()),
        ("block", chain::blocks()),
        ("block_file", chain::block_files()),
        ("config", text::configs()),
        ("extension_block", mweb::extension_blocks()),
        ("header", chain::headers()),
        ("mweb_tx", mweb::transactions()),
        ("p2p_message", chain::messages()),
        ("records", chain::records()),
        ("rpc_request", text::requests()),
        ("script", scripts::scripts()),
        ("tx", chain::transactions()),
        ("verify_script", spends::spends()),
    ] {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).expect("a folder for seeds");
        for (name, bytes) in seeds {
            total += bytes.len();
            fs::write(folder.join(format!("seed-{name}")), bytes).expect("write a seed");
        }
    }
    println!("{total} bytes of seeds below {}", corpus.display());
}
