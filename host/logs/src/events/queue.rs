//! Distributes blocks to worker threads and joins the results in order. A worker joins its block itself if all
//! earlier blocks are joined: a dedicated thread would compete with the workers for a core and wake up for each
//! block.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Events;
use super::block::{Block, Record};
use super::join::Joiner;

/// The blocks of a file in progress.
pub(super) struct Queue {
    next: AtomicU64,
    ahead_max: usize,
    progress: Mutex<Progress>,
    advanced: Condvar,
}

#[derive(Default)]
struct Progress {
    joiner: Joiner,
    /// Index of the next block to join.
    next: u64,
    /// Blocks that follow one that is still being read, by index.
    waiting: BTreeMap<u64, Block>,
    /// Emptied lists of records, for reuse.
    spare: Vec<Vec<Record>>,
    failed: Option<io::Error>,
}

impl Queue {
    /// Creates a queue in which at most `ahead_max` blocks wait for an earlier one.
    pub(super) fn new(ahead_max: usize) -> Self {
        Self {
            next: AtomicU64::new(0),
            ahead_max,
            progress: Mutex::default(),
            advanced: Condvar::new(),
        }
    }

    /// Reserves the next of `count` blocks for the caller. Returns `None` at the end or after a failure.
    pub(super) fn next(&self, count: u64) -> Option<u64> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < count).then_some(index)
    }

    /// Adds a block and joins all blocks that are next in order. Waits while too many blocks are ahead, which bounds
    /// memory. Returns an empty list for the records of the caller's next block.
    pub(super) fn join(&self, index: u64, block: io::Result<Block>) -> Vec<Record> {
        let mut progress = self.lock();
        match block {
            Ok(block) => drop(progress.waiting.insert(index, block)),
            Err(error) => self.fail(&mut progress, error),
        }
        let Progress { joiner, next, waiting, spare, .. } = &mut *progress;
        while let Some(block) = waiting.remove(next) {
            spare.push(joiner.add(block));
            *next += 1;
        }
        self.advanced.notify_all();
        while progress.failed.is_none() && progress.waiting.len() > self.ahead_max {
            progress = self.advanced.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
        progress.spare.pop().unwrap_or_default()
    }

    /// Returns the content of the file, and the unreadable lines with the reasons.
    pub(super) fn finish(self) -> io::Result<(Events, Vec<(u64, String)>)> {
        let mut progress = self.progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = progress.failed {
            return Err(error);
        }
        let complaints = std::mem::take(&mut progress.joiner.complaints);
        Ok((progress.joiner.finish(), complaints))
    }

    /// Records a failure, stops the distribution and wakes waiting workers.
    fn fail(&self, progress: &mut Progress, error: io::Error) {
        progress.failed.get_or_insert(error);
        self.next.store(u64::MAX / 2, Ordering::Relaxed);
        self.advanced.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guard held by each worker: a panic fails the queue, so that no other worker waits for the lost block.
pub(super) struct Worker<'a>(pub(super) &'a Queue);

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(&mut self.0.lock(), io::Error::other("a reader thread panicked"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panicking_worker_does_not_block_the_others() {
        let queue = Queue::new(0);
        let block = || Ok(Block::new(Vec::new()));
        std::thread::scope(|scope| {
            assert_eq!([queue.next(3), queue.next(3)], [Some(0), Some(1)]);
            let ahead = scope.spawn(|| queue.join(1, block()));
            let panics = scope.spawn(|| {
                let _worker = Worker(&queue);
                std::panic::resume_unwind(Box::new("while reading the first block"));
            });
            assert!(panics.join().is_err() && ahead.join().is_ok());
        });
        assert_eq!(queue.next(3), None);
        assert!(queue.finish().is_err());
    }
}
