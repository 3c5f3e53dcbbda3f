//! The clock that ends calls: a thread that ticks while a guest runs and sleeps otherwise. It is started
//! with the first call.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime::EngineWeak;

use super::limits::TICK_MS;

/// Ticks for all stores of one engine.
pub(super) struct Ticker {
    shared: Arc<(Mutex<State>, Condvar)>,
    engine: EngineWeak,
}

#[derive(Default)]
struct State {
    running: u64,
    started: bool,
    over: bool,
}

impl Ticker {
    pub(super) fn new(engine: EngineWeak) -> Self {
        Self { shared: Arc::default(), engine }
    }

    /// A call is running until the guard is dropped.
    pub(super) fn running(self: &Arc<Self>) -> Running {
        let mut state = lock(&self.shared.0);
        state.running += 1;
        if !state.started {
            state.started = true;
            let (shared, engine) = (self.shared.clone(), self.engine.clone());
            // Without the thread calls can't be ended: that must not pass unseen.
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
        lock(&self.shared.0).over = true;
        self.shared.1.notify_all();
    }
}

/// A call that is running.
pub(super) struct Running(Arc<Ticker>);

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.0.shared.0).running -= 1;
    }
}

fn tick(shared: &(Mutex<State>, Condvar), engine: &EngineWeak) {
    loop {
        let state = lock(&shared.0);
        let state = shared.1.wait_while(state, |state| state.running == 0 && !state.over);
        if state.unwrap_or_else(PoisonError::into_inner).over {
            return;
        }
        std::thread::sleep(Duration::from_millis(TICK_MS));
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}

/// A count can't be left half-changed by a panic.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
