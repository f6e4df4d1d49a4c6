//! "Did you mean": the listed option whose name is nearest to a mistyped one.

use crate::option::Group;

/// Longest name that is compared; a longer one is no typo of ours, and the comparison is quadratic.
const MAX_NAME: usize = 48;

/// The nearest option within two edits (one for short names), or none.
pub(crate) fn nearest(table: &[Group], name: &str) -> Option<&'static str> {
    if name.len() < 3 || name.len() > MAX_NAME {
        return None;
    }
    let allowed = if name.len() < 6 { 1 } else { 2 };
    table
        .iter()
        .filter(|group| group.category.heading().is_some())
        .flat_map(|group| group.options)
        .map(|spec| (distance(spec.name.as_bytes(), name.as_bytes()), spec.name))
        .filter(|(edits, _)| *edits <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Edits (insert, delete, replace, swap of neighbours) between two short names.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (a, b, edits) in [("listen", "listen", 0), ("lisetn", "listen", 1), ("port", "prt", 1), ("", "ab", 2)] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), edits, "{a} {b}");
        }
    }
}
