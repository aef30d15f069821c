//! Texts and all that they do, kept as files: a text stands after `> ` (more lines of it after
//! `. `), what it does below.

use expect_test::expect_file;

use crate::stage::told;

/// Runs every text of `story` and writes the story anew.
fn retold(story: &str) -> String {
    let mut texts: Vec<String> = Vec::new();
    for line in story.lines() {
        if let Some(text) = line.strip_prefix("> ") {
            texts.push(text.to_owned());
        } else if let (Some(more), Some(text)) = (line.strip_prefix(". "), texts.last_mut()) {
            text.push('\n');
            text.push_str(more);
        }
    }
    let mut story = String::new();
    for text in texts {
        story += "> ";
        story += &text.replace('\n', "\n. ");
        story += "\n";
        story += &told(&text);
        story += "\n";
    }
    story
}

macro_rules! stories {
    ($($name:ident: $file:literal,)*) => {$(
        #[test]
        fn $name() {
            let file = concat!("../stories/", $file, ".txt");
            let story = include_str!(concat!("../stories/", $file, ".txt"));
            expect_file![file].assert_eq(&retold(story));
        }
    )*};
}

stories! {
    what_powershell_has_and_this_shell_has_not_is_named: "unsupported",
    a_misprint_is_shown_with_a_caret_before_anything_runs: "misprints",
    values_are_worked_out: "values",
    objects_print_as_the_original_prints_them: "printed",
    pipelines_choose_sort_and_measure: "pipelines",
    effects_are_asked_for_one_at_a_time: "effects",
    a_grave_change_shows_what_it_would_do_and_asks: "consent",
    help_is_derived_from_the_rows: "help",
    properties_of_objects_in_variables_are_set: "assigning",
    bytes_and_files_travel: "bytes",
    lines_of_the_documents_are_read_as_cmdlets: "lines",
    what_scripts_often_have_is_refused_by_name: "well-known",
}
