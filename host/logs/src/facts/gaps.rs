//! What the record lacks or says wrongly, and what was done about it. A reader must know which figures are
//! read, which are mended, and which can't be had.

use serde::Serialize;

use super::attempt::AttemptFacts;
use crate::run::Attempt;

/// A gap of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// A stable word for it.
    pub gap: &'static str,
    /// `mended`: the facts hold what is true, from elsewhere. `missing`: it can't be had.
    pub state: &'static str,
    /// What is wrong or missing, and where the facts come from instead.
    pub note: &'static str,
}

type Applies = fn(&Attempt, &AttemptFacts) -> bool;

const MENDED: &str = "mended";
const MISSING: &str = "missing";

/// Every gap that is known of MassGen's records, and when it matters. `docs/record-gaps.md` explains them.
const GAPS: &[(&str, &str, Applies, &str)] = &[
    (
        "round_end",
        MENDED,
        |_, f| f.has_events && rounds(f) > 0,
        "no event ends a round: a round ends with its answer, vote, restart or last activity",
    ),
    (
        "round_numbers",
        MENDED,
        |_, f| f.has_events && rounds(f) > 0,
        "files number rounds differently: rounds are matched by time",
    ),
    (
        "failures_as_successes",
        MENDED,
        |_, f| f.tool_failures > f.recorded_tool_failures.unwrap_or(0),
        "MassGen records what a tool reports in its own words as success: failures are told from the results",
    ),
    (
        "agent_time_as_duration",
        MENDED,
        |_, f| f.recorded_duration_ms.is_some(),
        "MassGen's duration is the sum of its agents' rounds: wall time is taken from the events",
    ),
    (
        "counters_run_on",
        MENDED,
        |_, f| f.recorded_input_tokens > f.input_tokens,
        "counters run on over attempts and turns: what belongs to this attempt is the difference",
    ),
    (
        "overwritten_status",
        MENDED,
        |a, f| {
            f.has_events
                && f.outcome == super::Outcome::Restarted
                && a.status.as_ref().is_some_and(|s| s.question.is_none())
        },
        "a restart overwrites status and coordination files: answers, votes and winner are taken from the events",
    ),
    (
        "winner_not_recorded",
        MENDED,
        |_, f| f.winner.is_some() && f.recorded_winner.is_none(),
        "no winner is recorded: who presented is taken from the events",
    ),
    (
        "no_call_of_unknown_tools",
        MENDED,
        |_, f| f.unknown_tool_calls > 0,
        "calls to tools that do not exist leave no event: they are taken from the text log",
    ),
    (
        "subagent_status",
        MENDED,
        |a, _| !a.subagents.is_empty(),
        "a subagent's recorded status is the phase it was in: how it ended is taken from the call that started it, or from its own logs",
    ),
    (
        "subagent_cost_in_total",
        MENDED,
        |a, _| a.counters.subagent_cost_usd > 0.0,
        "the recorded total adds subagents' cost to parents' tokens: both are given apart",
    ),
    (
        "session_id",
        MENDED,
        |a, _| a.status.is_some(),
        "session_id in the files is the attempt's name: the run is named by its directory",
    ),
    (
        "agent_state",
        MENDED,
        |a, _| a.status.is_some(),
        "a working agent is recorded as waiting, and reliability always as ok: outcomes are taken from the events",
    ),
    (
        "status_ahead_of_answer",
        MENDED,
        |a, f| a.status.as_ref().is_some_and(|s| s.finish_reason == "completed") && f.has_events,
        "completed is recorded when the presentation begins: an attempt is completed when its answer is there",
    ),
    (
        "server_name",
        MENDED,
        |_, f| f.tool_calls > 0,
        "the recorded server is always mcp: it is taken from the tool's name",
    ),
    (
        "vote_labels",
        MENDED,
        |_, f| f.has_events && !f.votes.is_empty(),
        "vote events name no answer: labels are taken from coordination_events.json",
    ),
    (
        "answers_cut",
        MENDED,
        |_, f| f.answers.iter().any(|answer| answer.text.is_some()),
        "events hold at most 500 characters of an answer: whole texts are taken from answer.txt",
    ),
    (
        "trace_doubled",
        MENDED,
        |_, f| f.tool_calls > 0,
        "execution_trace.md doubles calls and is cleared at forced retries: calls are taken from the events",
    ),
    (
        "output_doubled",
        MENDED,
        |_, _| true,
        "agent_outputs hold streamed text twice and coordination_events.json an entry for each chunk: neither is counted",
    ),
    (
        "no_streaming_debug",
        MENDED,
        |_, f| !f.commands.is_empty(),
        "streaming_debug.log is documented and never written: shell commands are taken from the events",
    ),
    (
        "copied_repositories",
        MENDED,
        |a, _| a.ballast.repositories > 0,
        "snapshots of workspaces hold copies of .git: they are neither listed nor searched",
    ),
    (
        "links_out",
        MENDED,
        |a, _| a.ballast.links_out > 0,
        "absolute links lead out of the run: none is followed but the one to subagents' logs, and that only to such logs",
    ),
    (
        "exit_code",
        MENDED,
        |_, f| !matches!(f.outcome, super::Outcome::Completed),
        "the exit code is 0 also without an answer: the outcome is taken from the files",
    ),
    (
        "no_events",
        MISSING,
        |_, f| !f.has_events,
        "without events.jsonl (a debug run, or turn 2 of --continue) there are no tool calls and no times but those of recorded rounds",
    ),
    (
        "no_metrics",
        MISSING,
        |a, f| !a.has_metrics && f.has_events,
        "without metrics_summary.json tokens and cost are those of the last status.json, or not known",
    ),
    (
        "unattributed_tokens",
        MISSING,
        |_, f| f.unattributed_input_tokens > 0,
        "tokens of rounds that were cut off are in no recorded round: they are given as a sum",
    ),
    (
        "api_calls",
        MISSING,
        |_, f| f.api.calls > 0,
        "there is no list of requests; retries within the client and requests in flight at the end are not counted",
    ),
    (
        "ttft",
        MISSING,
        |_, f| f.api.calls > 0,
        "time to first token counts replies without text as 0 ms; a mean over rounds with a time is given beside it",
    ),
    (
        "api_per_round",
        MISSING,
        |a, _| a.counters.agents.values().any(|c| !c.rounds.is_empty()),
        "api_calls_count, api_time_ms and avg_ttft_ms of recorded rounds are always 0: they are not shown",
    ),
    (
        "prices",
        MISSING,
        |_, f| f.recorded_cost_usd > 0.0,
        "cost is MassGen's estimate; its prices and their date are not recorded",
    ),
    (
        "unpriced",
        MISSING,
        |a, f| a.has_metrics && f.input_tokens > 0 && f.recorded_cost_usd == 0.0,
        "cost 0 may mean that MassGen knew no price",
    ),
    (
        "cost_of_calls",
        MISSING,
        |_, f| !f.duplicates.is_empty(),
        "no file tells what a single call cost: repeated work is given in calls, time and characters",
    ),
    (
        "media_tools",
        MISSING,
        |_, f| f.tools.iter().any(|tool| is_media(&tool.name)),
        "tools that make pictures, sound or film tell neither tokens nor cost of the models behind them",
    ),
    (
        "before_coordination",
        MISSING,
        |_, f| f.lead_in_ms >= LEAD_IN_MS,
        "what ran before the first round (criteria, personas, subtasks) has no rounds: only its time together is known",
    ),
    (
        "reasoning_split",
        MISSING,
        |a, _| a.metadata.backends.values().any(|b| matches!(b.as_str(), "claude_code" | "codex")),
        "Claude Code and Codex give no split of reasoning and output, and no timing of single requests",
    ),
    (
        "unfinished_calls",
        MISSING,
        |_, f| f.unfinished_tool_calls > 0,
        "calls without an end have no result: they count as unfinished, not as failed",
    ),
    (
        "background_end",
        MISSING,
        |_, f| f.background_jobs.iter().any(|job| job.wall_ms.is_none()),
        "the end of a background tool is known only if an agent asked for it",
    ),
    (
        "subagent_logs",
        MISSING,
        |_, f| f.subagent_runs.iter().any(|subagent| subagent.run.is_none()),
        "the logs of some subagents lie outside of the run and are not there",
    ),
    (
        "killed_or_running",
        MISSING,
        |_, f| f.outcome == super::Outcome::Killed,
        "a run that was killed and one that still goes on leave the same files",
    ),
];

/// Connections alone take less than this before the first round.
const LEAD_IN_MS: u64 = 1_000;

fn is_media(tool: &str) -> bool {
    const SIGNS: &[&str] =
        &["generate_media", "_image", "_audio", "_video", "text_to_speech", "image_generation"];
    SIGNS.iter().any(|sign| tool.contains(sign))
}

fn rounds(facts: &AttemptFacts) -> u64 {
    facts.agents.iter().map(|agent| agent.rounds).sum()
}

pub(super) fn gaps(attempt: &Attempt, facts: &AttemptFacts) -> Vec<Gap> {
    GAPS.iter()
        .filter(|(_, _, applies, _)| applies(attempt, facts))
        .map(|(gap, state, _, note)| Gap { gap, state, note })
        .collect()
}
