//! Who may depend on whom. Arrows point down, and the crates that users take alone stay free of the node.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::Failure;

/// A room's place: it may use rooms of lower layers, with the exceptions below.
const LAYERS: &[(&str, u8)] = &[
    ("litecast-primitives", 0),
    ("litecast-scrypt", 0),
    ("litecast-config", 0),
    ("litecast-script", 1),
    ("litecast-mweb", 1),
    ("litecast-p2p", 1),
    ("litecast-notify", 1),
    ("litecast-client", 1),
    ("litecast-consensus", 2),
    ("litecast-store", 3),
    ("litecast-mempool", 3),
    ("litecast-block-tree", 3),
    ("litecast-engine", 4),
    ("litecast-rpc", 5),
    ("litecastd", TOP),
    ("litecast-cli", TOP),
    ("litecast-sub", TOP),
    ("litecast-interop", TOP),
    ("xtask", TOP),
];
/// Binaries and the tests above all rooms: nothing depends on them.
const TOP: u8 = 6;
/// Know nothing of chain state; used above the engine only, so that it never sees them either.
const ISLANDS: &[&str] = &["litecast-p2p", "litecast-notify", "litecast-client"];
/// Arrows that the layers alone would not allow: the client reads notify's frames, rpc names p2p's values.
const EXCEPTIONS: &[(&str, &str)] = &[("litecast-client", "litecast-notify"), ("litecast-rpc", "litecast-p2p")];
/// Where an async runtime has business. notify's must be optional, so that its pure parts build without.
const TOKIO: &[&str] = &["litecastd", "litecast-rpc", "litecast-notify"];

/// A package of the workspace.
#[derive(Debug, Default)]
pub(super) struct Member {
    name: String,
    /// From the root, with forward slashes.
    pub(super) folder: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    dev: bool,
    optional: bool,
}

/// Reads the packages out of `cargo metadata --no-deps`.
pub(super) fn members(metadata: &Value, root: &Path) -> anyhow::Result<Vec<Member>> {
    let packages = metadata["packages"].as_array().context("metadata without packages")?;
    packages.iter().map(|package| member(package, root)).collect()
}

fn member(package: &Value, root: &Path) -> anyhow::Result<Member> {
    let text = |value: &Value| value.as_str().map(str::to_owned).context("metadata without a name");
    let manifest = text(&package["manifest_path"])?;
    let folder = Path::new(&manifest).parent().and_then(|folder| folder.strip_prefix(root).ok());
    let folder = folder.with_context(|| format!("{manifest} is not below the workspace root"))?;
    let mut dependencies = Vec::new();
    for dependency in package["dependencies"].as_array().context("metadata without dependencies")? {
        dependencies.push(Dependency {
            name: text(&dependency["name"])?,
            dev: dependency["kind"] == "dev",
            optional: dependency["optional"] == true,
        });
    }
    Ok(Member { name: text(&package["name"])?, folder: folder.to_string_lossy().replace('\\', "/"), dependencies })
}

fn layer(name: &str) -> Option<u8> {
    LAYERS.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
}

/// Every arrow of every member.
pub(super) fn check(members: &[Member]) -> Vec<Failure> {
    let mut failures = Vec::new();
    for member in members {
        let file = format!("{}/Cargo.toml", member.folder);
        let Some(own) = layer(&member.name) else {
            let advice = format!("give `{}` a layer in xtask/src/arch/layers.rs", member.name);
            failures.push(Failure::new(file, advice));
            continue;
        };
        let broken = member.dependencies.iter().filter_map(|dependency| complaint(&member.name, own, dependency));
        failures.extend(broken.map(|advice| Failure::new(file.clone(), advice)));
    }
    failures
}

fn complaint(from: &str, own: u8, dependency: &Dependency) -> Option<String> {
    let to = dependency.name.as_str();
    match to {
        "tokio" if dependency.dev => None,
        "tokio" if !TOKIO.contains(&from) => Some(format!("drop tokio: it lives only in {}", TOKIO.join(", "))),
        "tokio" if from == "litecast-notify" && !dependency.optional => {
            Some("make tokio optional, behind the feature zmq: the frames are pure".to_owned())
        }
        "anyhow" if own < TOP && !dependency.dev => {
            Some("drop anyhow: a library's errors have a variant each (thiserror)".to_owned())
        }
        _ => arrow(from, own, to),
    }
}

fn arrow(from: &str, own: u8, to: &str) -> Option<String> {
    // A crate's tests may switch on its own features.
    let target = layer(to).filter(|_| from != to)?;
    if EXCEPTIONS.contains(&(from, to)) {
        return None;
    }
    if target >= own {
        return Some(format!("drop `{to}`: it is in layer {target}, not below layer {own}"));
    }
    if ISLANDS.contains(&from) && target > 0 {
        return Some(format!("drop `{to}`: {from} depends on layer 0 only"));
    }
    if ISLANDS.contains(&to) && own < TOP {
        return Some(format!("drop `{to}`: litecastd carries values between it and {from}"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(from: &str, dependency: &str) -> Vec<String> {
        let metadata: Value = serde_json::from_str(&format!(
            r#"{{"packages": [{{"name": "{from}", "manifest_path": "/w/crates/x/Cargo.toml",
                 "dependencies": [{dependency}]}}]}}"#
        ))
        .unwrap();
        check(&members(&metadata, Path::new("/w")).unwrap()).iter().map(ToString::to_string).collect()
    }

    fn on(from: &str, to: &str) -> Vec<String> {
        failures(from, &format!(r#"{{"name": "{to}", "kind": null, "optional": false}}"#))
    }

    #[test]
    fn arrows_point_down() {
        for (from, to) in [
            ("litecast-engine", "litecast-store"),
            ("litecast-consensus", "litecast-script"),
            ("litecast-client", "litecast-notify"),
            ("litecast-rpc", "litecast-p2p"),
            ("litecastd", "litecast-notify"),
            ("litecast-p2p", "litecast-p2p"),
            ("litecast-store", "fjall"),
        ] {
            assert_eq!(on(from, to), Vec::<String>::new(), "{from} -> {to}");
        }
        for (from, to) in [
            ("litecast-store", "litecast-engine"),
            ("litecast-primitives", "litecast-scrypt"),
            ("litecast-p2p", "litecast-script"),
            ("litecast-p2p", "litecast-notify"),
            ("litecast-notify", "litecast-client"),
            ("litecast-engine", "litecast-notify"),
            ("litecast-rpc", "litecast-notify"),
            ("litecast-rpc", "litecastd"),
            ("litecast-cli", "litecastd"),
        ] {
            let found = on(from, to);
            assert_eq!(found.len(), 1, "{from} -> {to}");
            assert!(found[0].starts_with(&format!("crates/x/Cargo.toml: drop `{to}`")), "{}", found[0]);
        }
    }

    #[test]
    fn a_new_member_needs_a_layer() {
        assert_eq!(on("litecast-utils", "bytes").len(), 1);
    }

    #[test]
    fn dev_dependencies_obey_the_same_table() {
        let dev = |from: &str, to: &str| failures(from, &format!(r#"{{"name": "{to}", "kind": "dev"}}"#)).len();
        assert_eq!(dev("litecast-consensus", "litecast-scrypt"), 0);
        assert_eq!(dev("litecast-consensus", "tempfile"), 0);
        assert_eq!(dev("litecast-consensus", "litecast-store"), 1);
        assert_eq!(dev("litecast-client", "tokio"), 0);
    }

    #[test]
    fn tokio_and_anyhow_have_their_places() {
        assert_eq!(on("litecastd", "tokio").len(), 0);
        assert_eq!(on("litecast-engine", "tokio").len(), 1);
        assert_eq!(on("litecast-sub", "tokio").len(), 1);
        assert_eq!(on("litecast-notify", "tokio").len(), 1);
        assert_eq!(failures("litecast-notify", r#"{"name": "tokio", "kind": null, "optional": true}"#).len(), 0);
        assert_eq!(on("litecast-store", "anyhow").len(), 1);
        assert_eq!(on("litecast-sub", "anyhow").len(), 0);
    }
}
