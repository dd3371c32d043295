/**
 * What can stand where a command line is being typed: commands, options, values that are known, and ids the
 * control plane is asked for. Files and folders are the shell's to complete.
 */
import type { Command, Option } from 'commander';
import { type FilterModel, filtersOfCommand } from '../commands/listing.ts';
import { isHidden, optionsOf, valueNameOf } from '../tree/command-tree.ts';
import { argumentAt, readTypedLine, type TypedLine } from './command-line.ts';

export interface Candidate {
  readonly value: string;
  readonly description?: string | undefined;
}

/** Names of a kind of thing, asked of the control plane; none when it does not answer in time. */
export type FindNames = (valueName: string, line: TypedLine) => Promise<readonly Candidate[]>;

/** Lines for the shell: `value TAB description`, or what it completes itself. */
export const FILES = ':files';
export const FOLDERS = ':folders';

const FILE_VALUES = ['file', 'trustPolicyFile', 'path', 'local'];
const FOLDER_VALUES = ['folder'];
/** A path on the source server is not one here. */
const PATHS_ELSEWHERE = ['files ls', 'files get'];

export async function completionLines(
  program: Command,
  words: readonly string[],
  findNames: FindNames,
): Promise<readonly string[]> {
  const line = readTypedLine(program, words);
  const found = await whatCanStand(line, findNames);
  if (typeof found === 'string') return [found];
  return found
    .map(({ value, description }) => ({ value: `${line.prefix}${value}`, description }))
    .filter(({ value }) => value.startsWith(`${line.prefix}${line.current}`))
    .map(({ value, description }) =>
      description === undefined ? value : `${value}\t${oneLine(description)}`,
    );
}

type Found = readonly Candidate[] | typeof FILES | typeof FOLDERS;

async function whatCanStand(line: TypedLine, findNames: FindNames): Promise<Found> {
  const { command, option, current, isAfterDashes } = line;
  if (option !== undefined) return valuesOf(line, option, findNames);
  if (!isAfterDashes && current.startsWith('-')) return optionCandidates(command);
  if (command.commands.length > 0) return line.operands.length > 0 ? [] : commandCandidates(command);
  const argument = argumentAt(line);
  if (argument === undefined) return isAfterDashes ? [] : optionCandidates(command);
  if (argument.argChoices !== undefined) return argument.argChoices.map((value) => ({ value }));
  return namesOf(argument.name(), line, findNames);
}

function valuesOf(line: TypedLine, option: Option, findNames: FindNames): Found | Promise<Found> {
  if (option.argChoices !== undefined) return option.argChoices.map((value) => ({ value }));
  if (option.long === '--filter') return filterCandidates(filtersOfCommand(line.command), line.current);
  return namesOf(valueNameOf(option) ?? '', line, findNames);
}

function namesOf(valueName: string, line: TypedLine, findNames: FindNames): Found | Promise<Found> {
  if (FOLDER_VALUES.includes(valueName)) return FOLDERS;
  if (FILE_VALUES.includes(valueName) && !isElsewhere(valueName, line)) return FILES;
  return findNames(valueName, line);
}

function isElsewhere(valueName: string, { command }: TypedLine): boolean {
  const path = `${command.parent?.name()} ${command.name()}`;
  return valueName === 'path' && PATHS_ELSEWHERE.includes(path);
}

/** `NAME=`, and after it what the filter may be; the last of several values. */
function filterCandidates(filters: readonly FilterModel[], current: string): readonly Candidate[] {
  const [, name = '', before = ''] = /^([^=]+)=(.*,)?/s.exec(current) ?? [];
  const filter = filters.find((one) => one.name === name);
  if (filter === undefined) return filters.map((one) => ({ value: `${one.name}=` }));
  return filter.values.map((value) => ({ value: `${name}=${before}${value}` }));
}

function commandCandidates(command: Command): readonly Candidate[] {
  return command.commands
    .filter((child) => !isHidden(child))
    .map((child) => ({ value: child.name(), description: child.description() }));
}

function optionCandidates(command: Command): readonly Candidate[] {
  const options = optionsOf(command).map(({ long, description }) => ({ value: long ?? '', description }));
  return [...options, { value: '--help', description: 'what the command does and takes' }];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
