//! `migrator completions` and `migrator man`: what clap knows, for shells and for `man`.

use std::io::{self, Write};

use clap::CommandFactory;

use super::Exit;
use super::args::{Cli, CompletionsArgs};

pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "migrator", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}

/// One page for all commands, so that it can be read from a pipe.
pub(super) fn man() -> anyhow::Result<Exit> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let whole = clap_mangen::Man::new(command.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    whole.render_options_section(&mut page)?;
    render_commands(&command, &mut page)?;
    whole.render_extra_section(&mut page)?;
    io::stdout().lock().write_all(&page)?;
    Ok(Exit::Done)
}

fn render_commands(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    for child in command.get_subcommands() {
        if child.get_name() == "help" {
            continue;
        }
        let mut own = Vec::new();
        let man = clap_mangen::Man::new(child.clone());
        writeln!(
            own,
            ".SH \"{}\"",
            child.get_bin_name().unwrap_or_default().to_uppercase()
        )?;
        man.render_description_section(&mut own)?;
        man.render_synopsis_section(&mut own)?;
        man.render_extra_section(&mut own)?;
        page.append(&mut own);
        render_commands(child, page)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_make_sense_and_every_command_has_an_example() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for child in command.get_subcommands() {
            let help = child.clone().render_long_help().to_string();
            let examples = help.matches("migrator ").count() > 1;
            let group = child.has_subcommands() || child.get_name() == "help";
            assert!(examples || group, "{help}");
        }
    }
}
