//! The result of planning one change: it succeeds, conflicts, or ends the plan with an error.

use super::{PathReason, Plan, PlanError};
use crate::changeset::CompareError;
use crate::path::RelPath;
use crate::store::StoreError;

/// Why a change was not planned.
#[derive(Debug)]
pub(super) enum Stop {
    /// The change conflicts. Planning goes on, so that all conflicts are reported together.
    Conflict {
        /// The path and the reason.
        conflict: PathReason,
        /// The project drifted, and merging both sides may resolve the conflict.
        drifted: bool,
    },
    /// Planning failed as a whole.
    Failed(PlanError),
}

impl Stop {
    /// A conflict that merging would not resolve.
    pub(super) fn conflict(path: &RelPath, reason: impl Into<String>) -> Self {
        let conflict = PathReason { path: path.clone(), reason: reason.into() };
        Self::Conflict { conflict, drifted: false }
    }

    /// A conflict that merging may resolve.
    pub(super) fn drift(path: &RelPath, reason: &str) -> Self {
        let conflict = PathReason { path: path.clone(), reason: reason.into() };
        Self::Conflict { conflict, drifted: true }
    }
}

impl From<PlanError> for Stop {
    fn from(error: PlanError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CompareError> for Stop {
    fn from(error: CompareError) -> Self {
        Self::Failed(error.into())
    }
}

impl Plan {
    /// Records the conflict of a step, if any, and returns whether the step succeeded.
    pub(super) fn settle(&mut self, step: Result<(), Stop>) -> Result<bool, PlanError> {
        match step {
            Ok(()) => Ok(true),
            Err(Stop::Conflict { conflict, drifted }) => {
                self.conflicts.push(conflict);
                self.drifted |= drifted;
                Ok(false)
            }
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}
