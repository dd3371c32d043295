/** The page of all commands, `docs/cli.md`: written from the tree of commands itself. */
import type { ServiceName } from '@landfall/api';
import { Command, type Option } from 'commander';
import { EXIT_CODES } from '../exit-codes.ts';
import { addProgramOptions, ROOMS, type Room } from '../program.ts';
import { argumentsOf, type Leaf, leavesOf, valueNameOf } from './command-tree.ts';
import { COMMAND_OF_OPERATION } from './operation-commands.ts';

const HEAD = `# The command line

Every operation of the services \`mgn\` and \`landfall\` is called by a command; \`landfall api SERVICE OPERATION\` calls any of them,
and any of \`ec2\` and \`sts\`, with JSON as well. Where a command takes a server, its id or its host name will do.

With \`--json\` a command says one JSON value on standard output and nothing else there; without it a table, or names and values.
Progress and messages go to standard error. On a terminal too narrow for a table each row becomes a block of lines. Nothing is
coloured but help, and that not with \`NO_COLOR\`; without a terminal progress is a line now and then.

What takes long is waited for with \`--wait\`, with progress and the time of its end where that can be known; the usage says what
is done without a word. Ctrl-C ends the waiting, not the work, and the last line says how to follow it.

## Completion

\`source <(landfall completion bash)\` in \`~/.bashrc\` completes commands, options, values, and the ids and names that the control
plane knows; it is asked for a second and a half at most (\`LANDFALL_COMPLETION_MS\`), and what it does not answer
is left out. For zsh it is
\`source <(landfall completion zsh)\` after \`compinit\`, for fish \`landfall completion fish | source\`.

## Filters

\`--filter NAME=VALUE[,VALUE…]\` of a list is answered by the control plane; several filters have all to fit. \`--limit N\` asks for no
more pages than it shows. Names are those of the API: \`landfall server list --filter lifeCycleStates=TESTING,CUTTING_OVER\`.
`;

const FOOT =
  'This page is written from the tree of commands: `LANDFALL_WRITE_DOCS=1 node --test apps/cli/src/tree/cli-page.test.ts`.';

export function cliPage(): string {
  const sections = [HEAD, exitCodes(), everywhere(), ...ROOMS.map(chapter), `\n${FOOT}\n`];
  return sections.join('');
}

function exitCodes(): string {
  const rows = EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |\n`);
  return `\n## Exit codes\n\n| code | meaning |\n|---|---|\n${rows.join('')}`;
}

function everywhere(): string {
  const program = new Command('landfall');
  addProgramOptions(program);
  return `\n## Options of every command\n\n${program.options.map(optionLine).join('')}`;
}

function chapter({ title, add }: Room): string {
  const room = new Command('landfall');
  for (const addTo of add) addTo(room);
  return `\n## ${title}\n${leavesOf(room).map(entry).join('')}`;
}

function entry({ path, command }: Leaf): string {
  const calls = operationsOf(path);
  const notes = [
    ...command.options.map(optionLine),
    ...(calls.length === 0 ? [] : [`- calls ${calls.join(', ')}\n`]),
  ];
  const list = notes.length === 0 ? '' : `\n${notes.join('')}`;
  return `\n### ${path}\n\n    ${usageOf(command, path)}\n\n${sentence(command.description())}\n${list}`;
}

function usageOf(command: Command, path: string): string {
  const operands = argumentsOf(command).map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return ['landfall', path, ...(command.options.length === 0 ? [] : ['[options]']), ...operands].join(' ');
}

function optionLine(option: Option): string {
  const { flags, description, argChoices, defaultValue } = option;
  const choices =
    argChoices === undefined || valueNameOf(option) === 'yes|no' ? '' : ` (${argChoices.join(', ')})`;
  const isShown = defaultValue !== undefined && defaultValue !== true && String(defaultValue) !== '';
  const preset = isShown && !isOfThisMachine(option) ? `; default: ${String(defaultValue)}` : '';
  return `- \`${flags}\`: ${description}${choices}${preset}\n`;
}

/** The page is the same wherever it is written. */
function isOfThisMachine({ long }: Option): boolean {
  return long === '--jobs';
}

function operationsOf(path: string): readonly string[] {
  const entries = Object.entries(COMMAND_OF_OPERATION) as [ServiceName, Readonly<Record<string, string>>][];
  return entries.flatMap(([service, commands]) =>
    Object.keys(commands)
      .filter((operation) => commands[operation] === path)
      .map((operation) => `\`${service}:${operation}\``),
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
