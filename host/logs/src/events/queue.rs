//! Who reads which stretch, and who joins it. Every worker joins what it read itself, if all before it is joined: a
//! thread of its own for that would take a processor from the workers, and be woken for each stretch.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Events;
use super::join::Joined;
use super::part::{Part, Record};

/// The stretches of a file, on their way from the workers into one whole.
pub(super) struct Queue {
    next: AtomicU64,
    ahead_max: usize,
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    joined: Joined,
    wanted: u64,
    /// Parts whose turn has not come.
    waiting: BTreeMap<u64, Part>,
    spare: Vec<Vec<Record>>,
    failed: Option<io::Error>,
}

impl Queue {
    /// `ahead_max`: parts that may wait for a slow one before them.
    pub(super) fn new(ahead_max: usize) -> Self {
        Self { next: AtomicU64::new(0), ahead_max, state: Mutex::default(), moved: Condvar::new() }
    }

    /// The next of `count` stretches, which is the caller's alone; none at the end, or after a failure.
    pub(super) fn next(&self, count: u64) -> Option<u64> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < count).then_some(index)
    }

    /// Takes what a stretch holds, and joins whatever can be joined now. Waits if it is far ahead, so that parts don't
    /// pile up. Gives an empty list for the next stretch's records.
    pub(super) fn join(&self, index: u64, part: io::Result<Part>) -> Vec<Record> {
        let mut state = self.lock();
        match part {
            Ok(part) => drop(state.waiting.insert(index, part)),
            Err(error) => self.fail(&mut state, error),
        }
        let State { joined, wanted, waiting, spare, .. } = &mut *state;
        while let Some(part) = waiting.remove(wanted) {
            spare.push(joined.add(part));
            *wanted += 1;
        }
        self.moved.notify_all();
        while state.failed.is_none() && state.waiting.len() > self.ahead_max {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.spare.pop().unwrap_or_default()
    }

    /// The whole file, with lines that can't be read and why.
    pub(super) fn finish(self) -> io::Result<(Events, Vec<(u64, String)>)> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.failed {
            return Err(error);
        }
        let complaints = std::mem::take(&mut state.joined.complaints);
        Ok((state.joined.finish(), complaints))
    }

    /// Nobody needs to read on.
    fn fail(&self, state: &mut State, error: io::Error) {
        state.failed.get_or_insert(error);
        self.next.store(u64::MAX / 2, Ordering::Relaxed);
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by a worker: if it panics, those that wait for its part wait no longer.
pub(super) struct Worker<'a>(pub(super) &'a Queue);

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(&mut self.0.lock(), io::Error::other("a thread that read it panicked"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_panics_leaves_nobody_waiting() {
        let queue = Queue::new(0);
        let part = || Ok(Part::new(Vec::new()));
        std::thread::scope(|scope| {
            assert_eq!([queue.next(3), queue.next(3)], [Some(0), Some(1)]);
            let ahead = scope.spawn(|| queue.join(1, part()));
            let panics = scope.spawn(|| {
                let _worker = Worker(&queue);
                std::panic::resume_unwind(Box::new("while it reads the first stretch"));
            });
            assert!(panics.join().is_err() && ahead.join().is_ok());
        });
        assert_eq!(queue.next(3), None);
        assert!(queue.finish().is_err());
    }
}
