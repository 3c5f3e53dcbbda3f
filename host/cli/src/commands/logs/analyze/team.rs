//! Several `--model`s: each analyses the run on its own, side by side, and what they found is settled into one report.
//! Each report of its own is kept beside the team's.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use massgen_analysis::budget::Budget;
use massgen_analysis::estimate;
use massgen_analysis::finding::Finding;
use massgen_analysis::investigation::{Investigation, Plan, Stop};
use massgen_analysis::prompt::PromptOptions;
use massgen_analysis::report::{ModelUsed, TeamMember, UsageTotals};
use massgen_analysis::team::{self, MemberFindings};
use massgen_analysis::tools;
use massgen_logs::facts::Facts;
use massgen_models::choice::Choice;
use massgen_models::model_id::ModelId;
use massgen_models::price::Pricing;

use super::ask::{self, Inquiry, Subject, Told};
use super::ending::{self, Ended};
use super::files::{self, Files};
use super::{AnalyzeArgs, dry_run, models, plan};
use crate::app::App;
use crate::commands::logs::target::Target;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// More opinions than this settle nothing better.
const MODELS_MAX: usize = 8;

/// A model that takes part.
pub(super) struct Member<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) plan: Plan,
    pub(super) pricing: Pricing,
}

/// The models that the flags name, each once.
pub(super) fn choices(
    app: &App,
    args: &AnalyzeArgs,
) -> Result<Vec<(ModelId, Choice)>, CommandError> {
    if args.model.len() > MODELS_MAX {
        return Err(CommandError::usage(format!(
            "{} models are too many for one report",
            args.model.len()
        ))
        .with_cause(format!("{MODELS_MAX} are allowed")));
    }
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    for selector in &args.model {
        let choice = models::choose(app, Some(selector), args.explain_model)?;
        let Some(model) = choice.model.clone() else {
            return Err(CommandError::usage("--model none is no member of a team")
                .hint("leave it out, or name it alone"));
        };
        if !seen.insert(model.to_string()) {
            return Err(CommandError::usage(format!("{model} is named twice"))
                .hint("each model of a team analyses once"));
        }
        chosen.push((model, choice));
    }
    Ok(chosen)
}

pub(super) fn run(
    app: &App,
    args: &AnalyzeArgs,
    target: &Target,
    facts: &Facts,
    wishes: &PromptOptions,
    chosen: &[(ModelId, Choice)],
) -> Result<Exit, CommandError> {
    let run_files = ask::run_files(app, target);
    let mut members: Vec<Member<'_>> = chosen
        .iter()
        .map(|(model, choice)| {
            let subject = Subject { target, facts, model, choice, wishes };
            let plan = plan::plan(app, args, &subject, &run_files);
            Member { plan, pricing: app.pricing(model), subject }
        })
        .collect();
    divide(&mut members);
    if args.dry_run {
        return dry_run::run_team(app, args.exact, &members);
    }
    let names = names(chosen);
    let (files, own) = files::claim_team(app, args, target, facts.turn, &names)?;
    let started = Instant::now();
    let runtime = ask::runtime()?;
    let all = members.iter().zip(&own).map(async |(member, files)| {
        let inquiry = Inquiry {
            subject: &member.subject,
            provider: member.subject.connect(app)?,
            plan: member.plan.clone(),
            pricing: &member.pricing,
            transcript: &files.transcript,
            resume: args.resume && files.transcript.is_file(),
            in_team: true,
        };
        inquiry.run(app, args, &run_files).await
    });
    let told = runtime.block_on(join_all(all));
    // A plugin that is busy must not hold the end up.
    runtime.shutdown_timeout(Duration::from_millis(200));
    let asked = chosen.iter().map(|(model, choice)| (model, choice)).zip(told).zip(own);
    let answers = asked.map(|((asked, told), files)| Answer::of(asked, told, files)).collect();
    finish(app, facts, &files, answers, started)
}

/// What one member came to.
struct Answer {
    model: ModelId,
    member: TeamMember,
    exit: Exit,
    /// What it gave, if it gave anything.
    ended: Option<(Ended, Files)>,
    /// Why it did not come to its end.
    why: Option<CommandError>,
}

impl Answer {
    fn of(
        (model, choice): (&ModelId, &Choice),
        told: Result<Told, CommandError>,
        files: Files,
    ) -> Self {
        let mut member = TeamMember {
            model: ModelUsed::new(model, choice.origin.to_string(), None),
            usage: UsageTotals::default(),
            cost_usd: Some(0.0),
            duration_ms: 0,
            stop: None,
            failure: None,
            findings: 0,
            verified: 0,
            report: None,
        };
        let (ended, exit, why) = match told {
            Ok(Told { ended, exit, write, why }) => {
                member.usage = ended.usage;
                member.cost_usd = ended.cost_usd;
                member.duration_ms = ended.duration_ms;
                member.stop = Some(ended.stop);
                member.model.served = ended.model.as_ref().and_then(|model| model.served.clone());
                member.findings = ended.findings.len();
                member.verified = ended.findings.iter().filter(|finding| finding.verified).count();
                (write.then_some((ended, files)), exit, why)
            }
            Err(error) => (None, error.exit, Some(error)),
        };
        member.failure = why.as_ref().map(in_one_line);
        if let Some((_, files)) = &ended {
            let name = files.first().and_then(|path| path.file_name());
            member.report = name.map(|name| name.to_string_lossy().into_owned());
        }
        Self { model: model.clone(), member, exit, ended, why }
    }

    /// Why it did not come to its end, as a line for the user.
    fn failure(&self) -> Option<String> {
        let why = self.member.failure.as_ref()?;
        let what = if self.ended.is_some() { "did not come to its end" } else { "gave nothing" };
        Some(format!("{} {what}: {why}", self.model))
    }
}

/// An error and its causes.
fn in_one_line(error: &CommandError) -> String {
    let causes = if error.causes.is_empty() {
        String::new()
    } else {
        format!(" ({})", error.causes.join("; "))
    };
    human::clean(&format!("{}{causes}", error.message))
}

/// Writes each report of its own, settles them, and writes the team's.
fn finish(
    app: &App,
    facts: &Facts,
    files: &Files,
    answers: Vec<Answer>,
    started: Instant,
) -> Result<Exit, CommandError> {
    let gave: Vec<(&Answer, &Ended)> =
        answers.iter().filter_map(|answer| Some((answer, &answer.ended.as_ref()?.0))).collect();
    if gave.is_empty() {
        // The first one's failure is the command's, and is told as such.
        answers.iter().skip(1).filter_map(Answer::failure).for_each(|why| app.ui.warn(&why));
        let first = answers.into_iter().find_map(|answer| answer.why);
        return Err(
            first.unwrap_or_else(|| CommandError::failed("stopped", "no model gave anything"))
        );
    }
    answers.iter().filter_map(Answer::failure).for_each(|why| app.ui.warn(&why));
    for answer in &answers {
        if let Some((ended, own)) = &answer.ended {
            own.save(app, &ended.analysis(facts))?;
        }
    }
    let exit = if answers.iter().any(|answer| answer.exit == Exit::Interrupted) {
        Exit::Interrupted
    } else if gave.iter().any(|(answer, _)| answer.exit == Exit::Done) {
        Exit::Done
    } else {
        Exit::Partial
    };
    let ended = settled(app, &answers, &gave, started);
    files.write(app, &ended.analysis(facts))?;
    app.ui.status(&format!("{}; {}.", overview(&ended.findings, gave.len()), ended.used()));
    Ok(exit)
}

/// What the team found, as one analysis.
fn settled(app: &App, answers: &[Answer], gave: &[(&Answer, &Ended)], started: Instant) -> Ended {
    let names: Vec<String> = gave.iter().map(|(answer, _)| answer.model.to_string()).collect();
    let opinions: Vec<MemberFindings<'_>> = names
        .iter()
        .zip(gave)
        .map(|(model, (_, ended))| MemberFindings { model, findings: &ended.findings })
        .collect();
    let findings = team::merge(&opinions);
    let all: Vec<String> = answers.iter().map(|answer| answer.model.to_string()).collect();
    let members: Vec<TeamMember> = answers.iter().map(|answer| answer.member.clone()).collect();
    let origin = members.first().map(|member| member.model.origin.clone()).unwrap_or_default();
    let finished = gave.iter().any(|(_, ended)| ended.stop == Stop::Finished);
    let summaries = names.iter().zip(gave).filter(|(_, (_, ended))| !ended.summary.is_empty());
    let summaries = summaries.map(|(name, (_, ended))| format!("{name}: {}", ended.summary));
    let failures = answers.iter().filter_map(Answer::failure);
    let own_notices = names.iter().zip(gave).flat_map(|(name, (_, ended))| {
        ended.notices.iter().map(move |notice| format!("{name}: {notice}"))
    });
    Ended {
        model: Some(ModelUsed {
            provider: "team".into(),
            model: all.join(" + "),
            origin,
            served: None,
        }),
        usage: members.iter().fold(UsageTotals::default(), |sum, member| sum.plus(member.usage)),
        cost_usd: members.iter().map(|member| member.cost_usd).sum(),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        generated: ending::now(app),
        stop: match gave.first() {
            Some((_, ended)) if !finished => ended.stop,
            _ => Stop::Finished,
        },
        failure: None,
        summary: std::iter::once(format!("{}.", overview(&findings, gave.len())))
            .chain(summaries)
            .collect::<Vec<_>>()
            .join(" "),
        notices: failures.chain(own_notices).collect(),
        findings,
        team: members,
    }
}

/// How far the models agree, in words.
fn overview(findings: &[Finding], of: usize) -> String {
    let agreed = |finding: &&Finding| {
        finding.agreement.as_ref().is_some_and(|agreement| agreement.models.len() > 1)
    };
    let shared = findings.iter().filter(agreed).count();
    let verified = findings.iter().filter(|finding| finding.verified).count();
    format!(
        "{} of {}: {shared} found by several, {} by one alone; {verified} verified",
        human::plural(findings.len() as u64, "finding"),
        human::plural(of as u64, "model"),
        findings.len() - shared,
    )
}

/// Shares the limits of the whole among the models.
fn divide(members: &mut [Member<'_>]) {
    let expected: Vec<Option<f64>> = members
        .iter()
        .map(|member| {
            let unbounded = Plan {
                budget: Budget { max_cost_usd: None, ..member.plan.budget },
                ..member.plan.clone()
            };
            let investigation = Investigation::new(unbounded.clone(), &member.pricing);
            let overhead =
                if unbounded.capabilities.tools { tools::definitions_chars() } else { 0 };
            let messages = investigation.messages();
            estimate::estimate(messages, overhead, None, &unbounded.budget, &member.pricing)
                .expected_usd
        })
        .collect();
    let count = members.len() as u64;
    for (at, member) in members.iter_mut().enumerate() {
        let budget = &mut member.plan.budget;
        budget.max_cost_usd = budget.max_cost_usd.map(|limit| team::shares(limit, &expected)[at]);
        budget.max_tokens = budget.max_tokens.map(|limit| limit / count);
    }
}

/// What the files of each are called after: `openai-gpt-6-luna`.
fn names(chosen: &[(ModelId, Choice)]) -> Vec<String> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let mut names: Vec<String> = Vec::new();
    for (model, _) in chosen {
        let name: String = model.to_string().chars().map(plain).take(100).collect();
        let twice = names.iter().filter(|known| **known == name).count();
        names.push(if twice == 0 { name } else { format!("{name}-{}", twice + 1) });
    }
    names
}
