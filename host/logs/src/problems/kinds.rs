//! The table of problem kinds: each with its word in JSON, severity, rule and advice. `docs/problems.md` and
//! `massgen logs problems` are written from it.

use serde::{Serialize, Serializer};

use super::Severity;

/// What is known of a kind before any run is read. Serialises as an element of `problem-kinds/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// The kind.
    pub kind: ProblemKind,
    /// Severity of its problems; the highest one, if it depends on the figures.
    pub severity: Severity,
    /// The condition under which a problem of this kind is reported.
    pub rule: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

impl ProblemKind {
    /// The word in JSON, e.g. `hidden_tool_failures`.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The kind's row of the table.
    pub fn definition(self) -> Definition {
        let (_, severity, rule, advice) = self.row();
        Definition { kind: self, severity, rule, advice }
    }
}

impl Serialize for ProblemKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

macro_rules! problem_kinds {
    ($($kind:ident, $word:literal, $severity:ident, $rule:literal, $advice:literal;)+) => {
        /// A kind of problem: one rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemKind {
            $(#[doc = $rule] $kind,)+
        }

        impl ProblemKind {
            /// Every kind, highest severity first.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            fn row(self) -> (&'static str, Severity, &'static str, &'static str) {
                match self {
                    $(Self::$kind => ($word, Severity::$severity, $rule, $advice),)+
                }
            }
        }
    };
}

problem_kinds! {
    NoAnswer, "no_answer", High,
        "The attempt ended in an orderly way, but no agent produced an answer.",
        "ignore the exit code; check each agent's failed requests and forced retries";
    Timeout, "timeout", High,
        "The orchestrator timed out.",
        "raise the orchestrator timeout, or give the agents less work per round";
    Killed, "killed", High,
        "The record stops abruptly: the run was killed or is still going on.",
        "the figures cover what was written until then; run it again if you need the answer";
    ConfigError, "config_error", High,
        "MassGen rejected the configuration before any agent started.",
        "read the end of massgen.log and fix the configuration";
    RunFailed, "run_failed", High,
        "MassGen ended with an error.",
        "read the end of massgen.log; the configuration is a common cause";
    FalseSuccess, "false_success", High,
        "The run is recorded as a success without a usable final answer.",
        "use the winner's last submitted answer: submitted answers are complete";
    MissingApiKey, "missing_api_key", High,
        "An agent had no API key.",
        "set the variable that the error names, in the environment or in a .env file";
    KeyRefused, "key_refused", High,
        "A service rejected the API key (status 401 or 403).",
        "check the key and its access to this model";
    AgentFailed, "agent_failed", High,
        "The orchestrator dropped an agent.",
        "its tokens bought nothing; the cited line has the reason";
    HollowSubagents, "hollow_subagents", High,
        "A subagent reported success, but its run failed or its result is empty.",
        "read their logs: MassGen reports success even if all requests of a subagent fail";
    KeyInClear, "key_in_clear", High,
        "The configuration that MassGen stored contains an API key in plain text.",
        "replace the key, and pass keys through the environment; MassGen's `export` command would upload this file";
    Interrupted, "interrupted", Medium,
        "The user interrupted the run before it had an answer.",
        "the tokens were spent all the same: see the attempt's own figures";
    AttemptRestarted, "attempt_restarted", Medium,
        "MassGen discarded the answer and started another attempt.",
        "state in the question what the post-evaluation found missing";
    AgentTimeout, "agent_timeout", Medium,
        "An agent timed out.",
        "its work of that round is lost: raise the round timeout, or give the agent less work";
    ApiErrors, "api_errors", Medium,
        "The text log shows failed requests to model services.",
        "see the text log at the cited lines; retries inside the client leave no trace";
    Enforcement, "enforcement", Medium,
        "The orchestrator forced an agent to retry because it misused the workflow tools.",
        "each retry wastes a request: name the workflow tools in the agent's system message, or change the model";
    FailedSubagents, "failed_subagents", Medium,
        "A subagent failed.",
        "the cited result has the reason; the subagent's task was not done";
    HiddenToolFailures, "hidden_tool_failures", Medium,
        "A tool call failed, but MassGen recorded it as a success.",
        "MassGen misses failures that tools report in their output; read the cited results";
    ToolFailures, "tool_failures", Medium,
        "A tool call failed, and MassGen recorded the failure.",
        "read the cited results";
    RepeatedFailure, "repeated_failure", Medium,
        "A call failed more than once with the same arguments.",
        "a call that failed with these arguments will fail again: change the approach";
    FailureStreak, "failure_streak", Medium,
        "A tool failed three times in a row or more for one agent, with any arguments.",
        "three failures in a row show that the approach does not work: change it";
    UnknownTool, "unknown_tool", Medium,
        "An agent called a tool that does not exist.",
        "the model expects a tool that it was not given: check the agent's MCP servers";
    UnfinishedToolCalls, "unfinished_tool_calls", Medium,
        "A tool call started and never finished.",
        "the call may have taken effect in part";
    UnattributedTokens, "unattributed_tokens", Medium,
        "Prompt tokens of rounds that were cut off appear in no round's figures; `low` up to a quarter of the attempt's prompt tokens.",
        "cost per round is too low by this share; restarts cost more than they seem to";
    Tie, "tie", Low,
        "The vote was tied.",
        "use an odd number of agents, or enable the post-evaluation";
    SlowStart, "slow_start", Low,
        "A round took more than two minutes to its first tool call or, without one, to its first activity.",
        "likely causes are starting servers, a long prompt or a slow service; check the request times";
    RepeatedReads, "repeated_reads", Low,
        "An agent read a text that it had read before.",
        "the text is still in the agent's context unless its round restarted";
    CutOffRounds, "cut_off_rounds", Low,
        "At least a quarter of the agents' time went into rounds that a new answer cut off.",
        "fewer agents, or a limit on answers, mean fewer restarts";
    DuplicatedWork, "duplicated_work", Low,
        "A tool was called more than once with the same arguments.",
        "let agents share results, or record findings in the answer";
    LargeOutput, "large_output", Low,
        "A tool returned 10,000 characters or more.",
        "request less output: every later request of the round includes it again";
    BackgroundWait, "background_wait", Low,
        "An agent spent more than a quarter of its time waiting for background tools.",
        "start background work earlier, or do other work before waiting";
    NearIdenticalAnswers, "near_identical_answers", Low,
        "An answer is nearly identical to an earlier one of another agent.",
        "agents that find the same cost twice as much: use different models, tools or roles";
    AnswerWithoutProgress, "answer_without_progress", Low,
        "An agent submitted nearly the same answer again.",
        "each new answer makes every agent vote again; a vote would have been enough";
    Exceptions, "exceptions", Low,
        "The text log contains exceptions with a stack trace.",
        "MassGen continues after most of them; read the lines before each";
    CountersRunOn, "counters_run_on", Low,
        "MassGen's token counters include earlier attempts or turns.",
        "do not add up the recorded figures of turns and attempts";
    NoEvents, "no_events", Low,
        "The attempt has no `events.jsonl`.",
        "run without --debug to get a complete record";
    WinnerNotRecorded, "winner_not_recorded", Low,
        "An agent presented the final answer, but MassGen recorded no winner.",
        "status.json was overwritten or never finished; the events show who presented";
    IgnoredVotes, "ignored_votes", Low,
        "Votes were discarded because a new answer arrived.",
        "agents that answer at about the same time cost each other a round";
    SelfVote, "self_vote", Info,
        "An agent voted for its own answer.",
        "a vote for the voter's own answer says little about quality";
    ChangedVotes, "changed_votes", Info,
        "An agent changed its vote.",
        "check whether a new answer convinced the agent, or whether its votes are arbitrary";
    DurationIsAgentTime, "duration_is_agent_time", Info,
        "MassGen's duration differs from the wall time by more than a tenth.",
        "compare runs by wall time";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_kinds_are_sorted_by_severity() {
        let all: Vec<Definition> = ProblemKind::ALL.iter().map(|kind| kind.definition()).collect();
        assert!(all.is_sorted_by_key(|definition| definition.severity));
        let words: std::collections::BTreeSet<_> = all.iter().map(|d| d.kind.as_str()).collect();
        assert_eq!(words.len(), all.len());
        for definition in all {
            assert!(definition.rule.ends_with('.') && !definition.advice.ends_with('.'));
        }
    }
}
