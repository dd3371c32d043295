/** `landfall completion SHELL`, and the command its script calls at every key. */
import { Argument, type Command } from 'commander';
import { completionLines } from '../../completion/candidates.ts';
import { findNames } from '../../completion/names.ts';
import { SHELLS, type Shell, shellScript } from '../../completion/shell-scripts.ts';
import { EXIT_DONE } from '../../exit-codes.ts';
import { outputOf } from '../context.ts';

const HELP = `
bash  source <(landfall completion bash)      in ~/.bashrc
zsh   source <(landfall completion zsh)       in ~/.zshrc, after compinit
fish  landfall completion fish | source       in ~/.config/fish/config.fish`;

export function addCompletionCommands(program: Command): void {
  program
    .command('completion')
    .description('print the script that completes commands, options and ids in a shell')
    .addArgument(new Argument('<shell>', 'whose script').choices(SHELLS))
    .addHelpText('after', HELP)
    .action((shell: Shell, _options: unknown, command: Command) => {
      outputOf(command).out(shellScript(shell));
    });
  program
    .command('__complete [words...]', { hidden: true })
    .description('what can stand where a command line is being typed; for the scripts of `completion`')
    .action(async (words: readonly string[], _options: unknown, command: Command) => {
      const lines = await completionLines(program, words, findNames);
      outputOf(command).out(lines.map((line) => `${line}\n`).join(''));
      // A question nobody waits for any longer may be under way.
      if (process.argv[2] === command.name()) process.exit(EXIT_DONE);
    });
}
