//! How many connections the system's limit of open files allows (v0.21.5.5 src/init.cpp, AppInitParameterInteraction).

use rustix::process::{Resource, getrlimit, setrlimit};

/// Files that the rest of the node needs, and the connections of `-addnode`.
const SET_ASIDE: u64 = 150 + 8;

/// Raises the limit as far as needed and allowed, and lowers `wanted` connections to what it leaves.
pub(crate) fn fit_connections(wanted: usize) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(SET_ASIDE);
    if limit.current.is_some_and(|current| current < needed) {
        let raised = limit.maximum.map_or(needed, |most| most.min(needed));
        limit.current = Some(raised);
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!("raising the limit of open files: {error}");
        }
    }
    let available = getrlimit(Resource::Nofile).current;
    let fitting = fit(wanted, available);
    if fitting < wanted {
        tracing::warn!("Reducing -maxconnections from {wanted} to {fitting}, because of system limitations.");
    }
    let files = available.map_or_else(|| "unlimited".to_owned(), |files| files.to_string());
    tracing::info!("Using at most {fitting} automatic connections ({files} file descriptors available)");
    fitting
}

fn fit(wanted: usize, available: Option<u64>) -> usize {
    let most = available.map_or(u64::MAX, |files| files.saturating_sub(SET_ASIDE));
    wanted.min(usize::try_from(most).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn connections_fit_the_limit() {
        for (wanted, files, fitting) in
            [(125, Some(1024), 125), (5000, Some(1024), 866), (125, Some(100), 0), (9, None, 9)]
        {
            assert_eq!(fit(wanted, files), fitting, "{wanted} {files:?}");
        }
    }
}
