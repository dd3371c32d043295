/** `landfall script`: what post-launch actions can run, and the values of their parameters. */
import { readFile } from 'node:fs/promises';
import type { Landfall } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { type Context, contextOf } from '../context.ts';
import { collect } from '../options.ts';
import { allItems } from '../pages.ts';

const COLUMNS: readonly Column<Landfall.ScriptDocumentItem>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'VERSION', value: ({ version }) => version },
  { title: 'FROM', value: ({ isReadyMade }) => (isReadyMade ? 'Landfall' : 'you') },
  { title: 'PARAMETERS', value: ({ parameters }) => parameters.map(parameterText).join(' ') },
  { title: 'DOES', value: ({ description }) => description },
];

const PARAMETER_COLUMNS: readonly Column<Landfall.ScriptParameterItem>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'VALUE', value: ({ secure, value }) => (secure ? '(secure)' : value) },
];

export function addScriptCommands(program: Command): void {
  const script = program.command('script').description('scripts that post-launch actions run');
  addDocumentCommands(script);
  addParameterCommands(script.command('parameter').description('values that actions name'));
}

interface PutOptions {
  readonly parameter: readonly string[];
  readonly description?: string;
}

function addDocumentCommands(script: Command): void {
  script
    .command('put <name> <file>')
    .description('keep a script under a name; the same name again makes a new version')
    .option('--parameter <name[=default]>', 'a parameter it has; may be given several times', collect, [])
    .option('--description <text>', 'what it does')
    .action(async (name: string, file: string, options: PutOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const input = {
        ...{ name, script: await readFile(file, 'utf8'), description: options.description },
        parameters: options.parameter.map(declarationOf),
      };
      const { document } = await client.landfall('PutScriptDocument', input);
      showFacts(output, document, [[document.name, `version ${document.version}`]]);
    });
  script
    .command('list')
    .description('list the scripts there are')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const items = await allItems((page) => client.landfall('ListScriptDocuments', page));
      showRows(output, items, COLUMNS, 'No scripts.');
    });
  script
    .command('show <name>')
    .description('the text of a script')
    .option('--version <number>', 'of this version')
    .action(async (name: string, { version }: { version?: string }, command: Command) => {
      const { client, output } = await contextOf(command);
      const found = await client.landfall('GetScriptDocument', { name, version });
      output.out(output.json ? `${JSON.stringify(found, null, 2)}\n` : found.script);
    });
  addDelete(script, 'a script with all its versions', ({ client }, name) =>
    client.landfall('DeleteScriptDocument', { name }),
  );
}

function addParameterCommands(parameter: Command): void {
  parameter
    .command('put <name> [value]')
    .description('keep a value under a name')
    .option('--file <path>', 'the value is the content of this file')
    .option('--secure', 'never show the value')
    .action(async (name: string, given: string | undefined, options: ValueOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const value = await parameterValue(given, options);
      await client.landfall('PutScriptParameter', { name, value, secure: options.secure === true });
      showFacts(output, { name }, [[name, 'kept']]);
    });
  parameter
    .command('list')
    .description('list the values there are')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const items = await allItems((page) => client.landfall('ListScriptParameters', page));
      showRows(output, items, PARAMETER_COLUMNS, 'No values.');
    });
  addDelete(parameter, 'a value', ({ client }, name) => client.landfall('DeleteScriptParameter', { name }));
}

interface ValueOptions {
  readonly file?: string;
  readonly secure?: boolean;
}

async function parameterValue(given: string | undefined, { file }: ValueOptions): Promise<string> {
  if (file !== undefined && given === undefined) return readFile(file, 'utf8');
  if (file === undefined && given !== undefined) return given;
  throw new OperationError('OPTION_INVALID', 'a value comes from the command line or from --file, not both', {
    hint: '`landfall script parameter put NAME VALUE`, or `… put NAME --file PATH`',
  });
}

function addDelete(
  parent: Command,
  what: string,
  remove: (context: Context, name: string) => Promise<unknown>,
): void {
  parent
    .command('delete <name>')
    .description(`forget ${what}`)
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = await contextOf(command);
      await remove(context, name);
      showFacts(context.output, { name }, [[name, 'deleted']]);
    });
}

function declarationOf(text: string): Landfall.ScriptParameterDeclaration {
  const [name = '', ...rest] = text.split('=');
  return rest.length === 0 ? { name } : { name, defaultValue: rest.join('=') };
}

function parameterText({ name, defaultValue }: Landfall.ScriptParameterDeclaration): string {
  return defaultValue === undefined ? name : `${name}=${JSON.stringify(defaultValue)}`;
}
