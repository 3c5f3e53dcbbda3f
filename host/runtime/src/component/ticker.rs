//! The clock that ends calls: a thread that ticks while a guest runs and sleeps otherwise. It starts with the first
//! call.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime::EngineWeak;

use super::limits::TICK_MS;

/// The clock of one engine.
pub(super) struct Ticker {
    shared: Arc<(Mutex<State>, Condvar)>,
    engine: EngineWeak,
}

#[derive(Default)]
struct State {
    running: u64,
    started: bool,
    stopped: bool,
}

impl Ticker {
    pub(super) fn new(engine: EngineWeak) -> Self {
        Self { shared: Arc::default(), engine }
    }

    /// Ticks until the returned guard is dropped.
    pub(super) fn running(self: &Arc<Self>) -> Running {
        let mut state = lock(&self.shared.0);
        state.running += 1;
        if !state.started {
            state.started = true;
            let (shared, engine) = (self.shared.clone(), self.engine.clone());
            // Without the thread no call could be ended, so a failure must not go unnoticed.
            std::thread::Builder::new()
                .name("plugin-clock".into())
                .spawn(move || tick(&shared, &engine))
                .expect("a thread can be started");
        }
        self.shared.1.notify_all();
        Running(self.clone())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        lock(&self.shared.0).stopped = true;
        self.shared.1.notify_all();
    }
}

/// A running call.
pub(super) struct Running(Arc<Ticker>);

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.0.shared.0).running -= 1;
    }
}

fn tick(shared: &(Mutex<State>, Condvar), engine: &EngineWeak) {
    loop {
        let state = lock(&shared.0);
        let state = shared.1.wait_while(state, |state| state.running == 0 && !state.stopped);
        if state.unwrap_or_else(PoisonError::into_inner).stopped {
            return;
        }
        std::thread::sleep(Duration::from_millis(TICK_MS));
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}

/// Locks the state. It stays consistent if a thread panics, so poisoning can be ignored.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
