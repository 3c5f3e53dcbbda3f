//! Receives a plugin's events as they arrive.

use massgen_models::event::Event;
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::Observer;

use super::reply_builder::ReplyBuilder;
use crate::provider::ConnectedPlugin;

/// Shows events to the observer, follows rate limits, and builds the reply.
pub(super) struct Collector<'a> {
    connected: &'a ConnectedPlugin,
    observer: &'a mut dyn Observer,
    pub(super) reply: ReplyBuilder,
}

impl<'a> Collector<'a> {
    pub(super) fn new(connected: &'a ConnectedPlugin, observer: &'a mut dyn Observer) -> Self {
        Self { connected, observer, reply: ReplyBuilder::default() }
    }

    /// Adds events; fails on the first one that breaks the contract.
    pub(super) fn add(&mut self, events: Vec<Event>) -> Result<(), Failure> {
        for event in events {
            self.observer.event(&event);
            if let Event::RateLimit(limit) = &event {
                self.connected.update_rate_limit(limit);
            }
            self.reply.add(event).map_err(|breach| {
                let plugin = self.connected.plugin.manifest.label();
                let message = format!("plugin {plugin} violated the contract: {breach}");
                Failure::new(FailureKind::Plugin, message)
            })?;
        }
        Ok(())
    }
}
