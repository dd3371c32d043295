/** What a command line that is being typed is about: the command, and what its last word stands for. */
import type { Argument, Command, Option } from 'commander';
import { argumentsOf, optionsOf } from '../tree/command-tree.ts';

export interface TypedLine {
  readonly command: Command;
  /** The word that is being typed; may be empty. */
  readonly current: string;
  /** The option whose value it is. */
  readonly option: Option | undefined;
  /** What stands before the value in that word: `--to=`. */
  readonly prefix: string;
  /** No option can come any more. */
  readonly isAfterDashes: boolean;
  readonly operands: readonly string[];
  /** Values of options typed before, by long name. */
  readonly values: ReadonlyMap<string, string>;
}

interface Reading {
  command: Command;
  option: Option | undefined;
  isAfterDashes: boolean;
  readonly operands: string[];
  readonly values: Map<string, string>;
}

/** `words` are those after the program's name, the last the one being typed. */
export function readTypedLine(program: Command, words: readonly string[]): TypedLine {
  const reading: Reading = {
    ...{ command: program, option: undefined, isAfterDashes: false },
    ...{ operands: [], values: new Map<string, string>() },
  };
  for (const word of words.slice(0, -1)) readWord(reading, word);
  const current = words.at(-1) ?? '';
  const [, name = '', value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  const named = reading.isAfterDashes ? undefined : takingValue(findOption(reading.command, name));
  if (named === undefined || value === undefined) return { ...reading, current, prefix: '' };
  return { ...reading, option: named, current: value, prefix: `${name}=` };
}

function readWord(reading: Reading, word: string): void {
  if (!reading.isAfterDashes && word.startsWith('-') && word !== '-') readOption(reading, word);
  else if (reading.option !== undefined) readValue(reading, reading.option, word);
  else readOperand(reading, word);
}

function readValue(reading: Reading, option: Option, word: string): void {
  reading.values.set(option.long ?? '', word);
  reading.option = option.variadic ? option : undefined;
}

function readOperand(reading: Reading, word: string): void {
  const { command, operands } = reading;
  const child = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
  if (operands.length === 0 && child !== undefined) reading.command = child;
  else operands.push(word);
}

function readOption(reading: Reading, word: string): void {
  reading.option = undefined;
  if (word === '--') {
    reading.isAfterDashes = true;
    return;
  }
  const [name = '', ...rest] = word.split('=');
  const option = takingValue(findOption(reading.command, name));
  if (option === undefined) return;
  if (rest.length > 0) reading.values.set(option.long ?? '', rest.join('='));
  else reading.option = option;
}

function findOption(command: Command, name: string): Option | undefined {
  return optionsOf(command).find(({ long, short }) => long === name || short === name);
}

function takingValue(option: Option | undefined): Option | undefined {
  return option?.required === true || option?.optional === true ? option : undefined;
}

/** The argument the word stands for, if the command takes one more. */
export function argumentAt({ command, operands }: TypedLine): Argument | undefined {
  const taken = argumentsOf(command);
  const last = taken.at(-1);
  return taken[operands.length] ?? (last?.variadic === true ? last : undefined);
}
