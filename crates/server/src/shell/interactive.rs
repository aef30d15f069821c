//! The shell for people: a prompt that shows the pool and its state, history, completion.

use std::borrow::Cow;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use reedline::{
    ColumnarMenu, Completer, CompletionResult, DefaultHinter, Emacs, FileBackedHistory, KeyCode,
    KeyModifiers, MenuBuilder as _, Prompt, PromptEditMode, PromptHistorySearch, Reedline,
    ReedlineEvent, ReedlineMenu, Signal, Span, Suggestion, default_emacs_keybindings,
};
use shell::{Catalogue, Environment, Origin};

use super::effects::{Effects, complain, remark};
use super::execute;
use crate::args::Reach;
use crate::reach::Deployment;
use crate::run::Looked;

const HISTORY_LINES: usize = 2000;

/// Asks for lines until there are no more.
pub(super) async fn interactive(reach: &Reach) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(admin::cmdlets::catalogue());
    let (deployment, looked) = Deployment::reach(reach).await?;
    remark(&format!("reached {}; Get-Help lists the cmdlets, exit ends", deployment.host()));
    let mut prompt = PoolPrompt::new(&looked);
    let mut effects = Effects::new(deployment);
    let mut editor = editor(&catalogue)?;
    let mut environment = Environment::default();
    loop {
        match editor.read_line(&prompt).context("read a line from the terminal")? {
            Signal::Success(line) if line.trim().eq_ignore_ascii_case("exit") => break,
            Signal::Success(line) if line.trim().is_empty() => {}
            Signal::Success(line) => {
                let ran = execute(&line, Origin::Line, &catalogue, environment, &mut effects).await;
                environment = ran.0;
                match Deployment::reach(reach).await {
                    Ok((_, looked)) => prompt = PoolPrompt::new(&looked),
                    Err(error) => complain(&format!("{error:#}")),
                }
            }
            Signal::CtrlD => break,
            _ => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn editor(catalogue: &Arc<Catalogue>) -> anyhow::Result<Reedline> {
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
        .with_completer(Box::new(FromTable(Arc::clone(catalogue))))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)));
    if let Some(home) = std::env::home_dir() {
        let file = home.join(".standfast_history");
        let history = FileBackedHistory::with_file(HISTORY_LINES, file)
            .context("open the history of lines in the home directory")?;
        editor = editor.with_history(Box::new(history));
    }
    Ok(editor)
}

/// Completion from the table of cmdlets.
struct FromTable(Arc<Catalogue>);

impl Completer for FromTable {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let completion = shell::complete(line, position, &self.0);
        let span = Span::new(completion.replaces.start, completion.replaces.end);
        let suggestion = |candidate: shell::Candidate| Suggestion {
            value: candidate.text,
            description: Some(candidate.about),
            span,
            append_whitespace: true,
            ..Suggestion::default()
        };
        let suggestions: Vec<_> = completion.candidates.into_iter().map(suggestion).collect();
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
