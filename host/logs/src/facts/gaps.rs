//! Gaps of MassGen's record: figures that it lacks or gets wrong, and how the facts deal with each.

use serde::Serialize;

use super::attempt::AttemptFacts;
use super::outcome::Outcome;
use crate::run::Attempt;

/// A gap of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// A stable word for the gap.
    pub gap: &'static str,
    /// `mended`: the facts have the correct value from another source. `missing`: the value cannot be recovered.
    pub state: &'static str,
    /// What is wrong or missing, and the source of the facts instead.
    pub note: &'static str,
}

/// A known gap, and when it applies to an attempt.
struct KnownGap {
    gap: Gap,
    applies: fn(&Attempt, &AttemptFacts) -> bool,
}

const fn mended(
    gap: &'static str,
    applies: fn(&Attempt, &AttemptFacts) -> bool,
    note: &'static str,
) -> KnownGap {
    KnownGap { gap: Gap { gap, state: "mended", note }, applies }
}

const fn missing(
    gap: &'static str,
    applies: fn(&Attempt, &AttemptFacts) -> bool,
    note: &'static str,
) -> KnownGap {
    KnownGap { gap: Gap { gap, state: "missing", note }, applies }
}

/// Every known gap of MassGen's records. `docs/record-gaps.md` explains them.
const GAPS: &[KnownGap] = &[
    mended(
        "round_end",
        |_, f| f.has_events && rounds(f) > 0,
        "no event marks the end of a round: a round ends with its answer, vote, restart or last activity",
    ),
    mended(
        "round_numbers",
        |_, f| f.has_events && rounds(f) > 0,
        "files number rounds differently: rounds are matched by time",
    ),
    mended(
        "failures_as_successes",
        |_, f| f.tool_failures > f.recorded_tool_failures.unwrap_or(0),
        "MassGen records failures that tools report in their output as successes: failures come from the results",
    ),
    mended(
        "agent_time_as_duration",
        |_, f| f.recorded_duration_ms.is_some(),
        "MassGen's duration is the sum of its agents' rounds: the wall time comes from the events",
    ),
    mended(
        "counters_run_on",
        |_, f| f.recorded_input_tokens > f.input_tokens,
        "counters are cumulative over attempts and turns: this attempt's figures are the difference",
    ),
    mended(
        "overwritten_status",
        |a, f| {
            f.has_events
                && f.outcome == Outcome::Restarted
                && a.status.as_ref().is_some_and(|s| s.question.is_none())
        },
        "a restart overwrites status and coordination files: answers, votes and winner come from the events",
    ),
    mended(
        "winner_not_recorded",
        |_, f| f.winner.is_some() && f.recorded_winner.is_none(),
        "no winner is recorded: the agent that presented comes from the events",
    ),
    mended(
        "no_call_of_unknown_tools",
        |_, f| f.unknown_tool_calls > 0,
        "calls to tools that do not exist leave no event: they come from the text log",
    ),
    mended(
        "subagent_status",
        |a, _| !a.subagents.is_empty(),
        "a subagent's recorded status is the phase it was in: its result comes from the call that started it or from its own logs",
    ),
    mended(
        "subagent_cost_in_total",
        |a, _| a.counters.subagent_cost_usd > 0.0,
        "the recorded total mixes subagents' cost with their parents' tokens: both are listed separately",
    ),
    mended(
        "session_id",
        |a, _| a.status.is_some(),
        "session_id in the files is the attempt's name: the run is named after its directory",
    ),
    mended(
        "agent_state",
        |a, _| a.status.is_some(),
        "a working agent is recorded as waiting, and reliability always as ok: outcomes come from the events",
    ),
    mended(
        "status_ahead_of_answer",
        |a, f| a.status.as_ref().is_some_and(|s| s.finish_reason == "completed") && f.has_events,
        "completion is recorded when the presentation begins: an attempt counts as completed once its answer exists",
    ),
    mended(
        "server_name",
        |_, f| f.tool_calls > 0,
        "the recorded server is always mcp: the server comes from the tool's name",
    ),
    mended(
        "vote_labels",
        |_, f| f.has_events && !f.votes.is_empty(),
        "vote events name no answer: labels come from coordination_events.json",
    ),
    mended(
        "answers_cut",
        |_, f| f.answers.iter().any(|answer| answer.text.is_some()),
        "events hold at most 500 characters of an answer: whole texts come from answer.txt",
    ),
    mended(
        "trace_doubled",
        |_, f| f.tool_calls > 0,
        "execution_trace.md lists calls twice and is cleared at forced retries: calls come from the events",
    ),
    mended(
        "output_doubled",
        |_, _| true,
        "agent_outputs hold streamed text twice, and coordination_events.json has an entry for each chunk: neither is counted",
    ),
    mended(
        "no_streaming_debug",
        |_, f| !f.commands.is_empty(),
        "streaming_debug.log is documented but never written: shell commands come from the events",
    ),
    mended(
        "copied_repositories",
        |a, _| a.ballast.repositories > 0,
        "snapshots of workspaces contain copies of .git: they are neither listed nor searched",
    ),
    mended(
        "links_out",
        |a, _| a.ballast.links_out > 0,
        "absolute links lead out of the run: only links to subagents' logs are followed",
    ),
    mended(
        "exit_code",
        |_, f| !matches!(f.outcome, Outcome::Completed),
        "the exit code is 0 even without an answer: the outcome comes from the files",
    ),
    missing(
        "no_events",
        |_, f| !f.has_events,
        "without events.jsonl (a debug run, or turn 2 of --continue) there are no tool calls, and no times except those of recorded rounds",
    ),
    missing(
        "no_metrics",
        |a, f| !a.has_metrics && f.has_events,
        "without metrics_summary.json, tokens and cost come from the last status.json or are unknown",
    ),
    missing(
        "unattributed_tokens",
        |_, f| f.unattributed_input_tokens > 0,
        "tokens of rounds that were cut off appear in no recorded round: only their sum is known",
    ),
    missing(
        "api_calls",
        |_, f| f.api.calls > 0,
        "there is no list of requests; retries inside the client and requests in flight at the end are not counted",
    ),
    missing(
        "ttft",
        |_, f| f.api.calls > 0,
        "time to first token counts replies without text as 0 ms; a mean over rounds with a recorded time is listed separately",
    ),
    missing(
        "api_per_round",
        |a, _| a.counters.agents.values().any(|c| !c.rounds.is_empty()),
        "api_calls_count, api_time_ms and avg_ttft_ms of recorded rounds are always 0: they are not shown",
    ),
    missing(
        "prices",
        |_, f| f.recorded_cost_usd > 0.0,
        "cost is MassGen's estimate; its prices and their date are not recorded",
    ),
    missing(
        "unpriced",
        |a, f| a.has_metrics && f.input_tokens > 0 && f.recorded_cost_usd == 0.0,
        "cost 0 may mean that MassGen knew no price",
    ),
    missing(
        "cost_of_calls",
        |_, f| !f.duplicates.is_empty(),
        "no file records the cost of a single call: repeated work is measured in calls, time and characters",
    ),
    missing(
        "media_tools",
        |_, f| f.tools.iter().any(|tool| is_media(&tool.name)),
        "tools that generate images, audio or video report neither tokens nor cost of the models they use",
    ),
    missing(
        "before_coordination",
        |_, f| f.lead_in_ms >= LEAD_IN_MS,
        "work before the first round (criteria, personas, subtasks) has no rounds: only its total time is known",
    ),
    missing(
        "reasoning_split",
        |a, _| a.metadata.backends.values().any(|b| matches!(b.as_str(), "claude_code" | "codex")),
        "Claude Code and Codex do not separate reasoning from output, and report no times of single requests",
    ),
    missing(
        "unfinished_calls",
        |_, f| f.unfinished_tool_calls > 0,
        "calls that never finished have no result: they count as unfinished, not as failed",
    ),
    missing(
        "background_end",
        |_, f| f.background_jobs.iter().any(|job| job.wall_ms.is_none()),
        "the end of a background tool is known only if an agent asked for it",
    ),
    missing(
        "subagent_logs",
        |_, f| f.subagent_runs.iter().any(|subagent| subagent.run.is_none()),
        "the logs of some subagents are outside the run and not available",
    ),
    missing(
        "killed_or_running",
        |_, f| f.outcome == Outcome::Killed,
        "a killed run and a run in progress leave the same files",
    ),
];

/// Establishing connections alone takes less than this before the first round.
const LEAD_IN_MS: u64 = 1_000;

fn is_media(tool: &str) -> bool {
    const SIGNS: &[&str] =
        &["generate_media", "_image", "_audio", "_video", "text_to_speech", "image_generation"];
    SIGNS.iter().any(|sign| tool.contains(sign))
}

fn rounds(facts: &AttemptFacts) -> u64 {
    facts.agents.iter().map(|agent| agent.rounds).sum()
}

/// The gaps that affect an attempt.
pub(super) fn gaps(attempt: &Attempt, facts: &AttemptFacts) -> Vec<Gap> {
    let affecting = GAPS.iter().filter(|known| (known.applies)(attempt, facts));
    affecting.map(|known| known.gap.clone()).collect()
}
