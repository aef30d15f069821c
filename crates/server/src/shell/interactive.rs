//! The shell for people: a prompt that shows the pool and its state, history, completion.

use std::borrow::Cow;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use reedline::{
    ColumnarMenu, Completer, CompletionResult, DefaultHinter, Emacs, KeyCode, KeyModifiers,
    MenuBuilder as _, Prompt, PromptEditMode, PromptHistorySearch, Reedline, ReedlineEvent,
    ReedlineMenu, Signal, Span, Suggestion, ValidationResult, Validator, default_emacs_keybindings,
};
use shell::{Catalogue, Environment, Origin, ParseErrorKind, parse};

use super::effects::Effects;
use super::exchange::Exchange;
use super::history::Typed;
use super::live::Live;
use super::output::{Output, width};
use super::{Source, execute, understand};
use crate::args::Reach;
use crate::reach::Deployment;
use crate::run::Looked;
use crate::said::{complain, remark};

/// Asks for lines until there are no more.
pub(super) async fn interactive(
    reach: &Reach,
    exchange: Exchange,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(admin::cmdlets::catalogue());
    let (deployment, looked) = Deployment::reach(reach).await?;
    let deployment = Arc::new(deployment);
    remark(&format!("reached {}; Get-Help lists the cmdlets, exit ends", deployment.host()));
    let mut prompt = PoolPrompt::new(&looked);
    let live = Live::new(Arc::clone(&deployment), Arc::clone(&catalogue), exchange.clone());
    let mut editor = editor(&catalogue, live)?;
    let mut effects = Effects::new(deployment, exchange, output);
    let mut environment = Environment::default();
    loop {
        let asked = move || {
            let read = editor.read_line(&prompt);
            (editor, read)
        };
        // On a thread that may wait, since completion asks the deployment meanwhile.
        let (back, read) = tokio::task::spawn_blocking(asked).await.context("read a line")?;
        editor = back;
        match read.context("read a line from the terminal")? {
            Signal::Success(line) if line.trim().eq_ignore_ascii_case("exit") => break,
            Signal::Success(line) if !line.trim().is_empty() => {
                let source = Source { text: line, origin: Origin::Line, file: None };
                environment.width = width();
                if let Some(script) = understand(&source, &catalogue) {
                    let kept = environment.clone();
                    let work = execute(&source, script, &catalogue, environment, &mut effects);
                    environment = tokio::select! {
                        ran = work => ran.0,
                        _ = tokio::signal::ctrl_c() => {
                            complain("stopped waiting; what a host has begun it brings to its end");
                            kept
                        }
                    };
                }
            }
            Signal::CtrlD => break,
            _ => {}
        }
        prompt = match Deployment::reach(reach).await {
            Ok((_, looked)) => PoolPrompt::new(&looked),
            Err(error) => {
                complain(&format!("{error:#}"));
                PoolPrompt("no host answers".to_owned())
            }
        };
    }
    Ok(ExitCode::SUCCESS)
}

fn editor(catalogue: &Arc<Catalogue>, live: Live) -> anyhow::Result<Reedline> {
    let mut keys = default_emacs_keybindings();
    keys.add_binding(
        KeyModifiers::NONE,
        KeyCode::Tab,
        ReedlineEvent::UntilFound(vec![
            ReedlineEvent::Menu("completion".to_owned()),
            ReedlineEvent::MenuNext,
        ]),
    );
    let menu = ColumnarMenu::default().with_name("completion");
    let mut editor = Reedline::create()
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_hinter(Box::new(DefaultHinter::default()))
        .with_validator(Box::new(Whole))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_completer(Box::new(FromTable { catalogue: Arc::clone(catalogue), live }))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)));
    if let Some(home) = std::env::home_dir() {
        let history = Typed::open(&home, Arc::clone(catalogue))
            .context("open the history of lines in the home directory")?;
        editor = editor.with_history(Box::new(history));
    }
    Ok(editor)
}

/// Goes on with another line where a bracket or a quote is open.
struct Whole;

impl Validator for Whole {
    fn validate(&self, line: &str) -> ValidationResult {
        match parse(line, Origin::Line) {
            Err(error) if error.kind == ParseErrorKind::Incomplete => ValidationResult::Incomplete,
            _ => ValidationResult::Complete,
        }
    }
}

/// Completion from the table of cmdlets, and of values from the live system.
struct FromTable {
    catalogue: Arc<Catalogue>,
    live: Live,
}

impl Completer for FromTable {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let completion = shell::complete(line, position, &self.catalogue);
        let span = Span::new(completion.replaces.start, completion.replaces.end);
        let mut suggestions: Vec<_> = completion
            .candidates
            .into_iter()
            .map(|candidate| Suggestion {
                value: candidate.text,
                description: Some(candidate.about).filter(|it| !it.is_empty()),
                span,
                append_whitespace: true,
                ..Suggestion::default()
            })
            .collect();
        if let Some(what) = completion.ask {
            let offered = self.live.offered(what, &completion.typed);
            suggestions.extend(offered.into_iter().map(|value| Suggestion {
                append_whitespace: !value.ends_with(['/', '\\']),
                value,
                span,
                ..Suggestion::default()
            }));
        }
        CompletionResult::fresh(suggestions)
    }
}

/// `lyncpc.dci.discovery.com Normal> `
struct PoolPrompt(String);

impl PoolPrompt {
    fn new(looked: &Looked) -> Self {
        let states = looked.pools.iter().map(|(pool, observed)| {
            let state = observed.serving().map(|(_, record)| format!("{:?}", record.state));
            format!("{pool} {}", state.as_deref().unwrap_or("unknown"))
        });
        Self(states.collect::<Vec<_>>().join(", "))
    }
}

impl Prompt for PoolPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed(">> ")
    }

    fn render_prompt_history_search_indicator(&self, _: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Borrowed("search> ")
    }
}
