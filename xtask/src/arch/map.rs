//! ARCHITECTURE.md names every member of the workspace, once, and nothing else.

use super::Failure;

/// The map.
pub(super) const FILE: &str = "ARCHITECTURE.md";

/// Lines that begin with "- `folder`" against the members' folders.
pub(super) fn check(map: &str, folders: &[&str]) -> Vec<Failure> {
    let named: Vec<&str> =
        map.lines().filter_map(|line| line.strip_prefix("- `")).filter_map(|rest| rest.split('`').next()).collect();
    let count = |wanted: &str| named.iter().filter(|name| **name == wanted).count();
    let mut failures = Vec::new();
    for folder in folders {
        match count(folder) {
            1 => {}
            0 => failures.push(Failure::new(FILE, format!("add a line that begins with \"- `{folder}`\""))),
            _ => failures.push(Failure::new(FILE, format!("name `{folder}` only once"))),
        }
    }
    let foreign = named.iter().filter(|name| !folders.contains(name));
    failures.extend(foreign.map(|name| Failure::new(FILE, format!("remove `{name}`: it is no workspace member"))));
    failures
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn the_map_is_complete_and_true() {
        let map = "# Map\n- `crates/a`: first\nprose `crates/x`\n- `xtask`: checks\n";
        assert!(check(map, &["crates/a", "xtask"]).is_empty());
        assert_eq!(
            check(map, &["crates/a", "xtask", "crates/b"])[0].advice,
            "add a line that begins with \"- `crates/b`\""
        );
        assert_eq!(check(map, &["crates/a"])[0].advice, "remove `xtask`: it is no workspace member");
        assert_eq!(check("- `a`\n- `a`\n", &["a"])[0].advice, "name `a` only once");
    }
}
