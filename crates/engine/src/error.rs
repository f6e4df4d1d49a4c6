//! Why the engine cannot start or go on. None of these is ever a verdict on a block.

use std::sync::Arc;

use litecast_primitives::view::ViewError;
use litecast_store::StoreError;

/// The engine cannot go on: the machine failed it. Never a verdict on a block.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The store failed; the engine has stopped.
    #[error("{0}")]
    Store(Arc<StoreError>),
    /// What the store holds contradicts itself.
    #[error("{0}. Restart with -reindex to rebuild the index from the block files.")]
    Inconsistent(String),
    /// The engine has stopped.
    #[error("the engine has stopped")]
    Stopped,
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// The views read the store.
impl From<ViewError> for EngineError {
    fn from(error: ViewError) -> Self {
        error
            .0
            .downcast::<StoreError>()
            .map_or_else(|other| Self::Inconsistent(other.to_string()), |store| (*store).into())
    }
}

/// The engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Opening or loading failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No thread.
    #[error("cannot start the engine's threads: {0}")]
    Thread(#[from] std::io::Error),
}
