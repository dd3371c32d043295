/**
 * Options for the members of an operation's input, read off its shapes: `ebsEncryption` is
 * `--ebs-encryption`, yes or no where it is a boolean, one of the values where there are such, JSON where it
 * is a structure. So that every member can be given, and completion knows them.
 */
import { type AnyOperation, type InputOf, type Operation, type OperationName, shapeOf } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readJson } from './json-option.ts';
import { collect, pairsOf, wholeNumber } from './options.ts';

export interface MemberOptions {
  /** Given otherwise. */
  readonly omit: readonly string[];
  /** Other names than those of the members, without dashes in front. */
  readonly names?: Readonly<Record<string, string>>;
  readonly words?: Readonly<Record<string, string>>;
}

interface MemberOption {
  readonly member: string;
  readonly option: Option;
  read(given: unknown): unknown;
}

type Given = Readonly<Record<string, unknown>>;

export function addInputOptions(command: Command, operation: AnyOperation, options: MemberOptions): Command {
  for (const { option } of memberOptions(operation, options)) command.addOption(option);
  return command;
}

/** What was given of the input; what was not is left out. Errors: OPTION_INVALID. */
export async function inputFrom<Name extends OperationName<'mgn'>>(
  given: Given,
  operation: Operation<'mgn', Name>,
  options: MemberOptions,
): Promise<Partial<InputOf<'mgn', Name>>> {
  const input: Record<string, unknown> = {};
  for (const { member, option, read } of memberOptions(operation, options)) {
    const value = given[option.attributeName()];
    if (value !== undefined) input[member] = await read(value);
  }
  // Read by the shapes that the type was made from.
  return input as Partial<InputOf<'mgn', Name>>;
}

function memberOptions(operation: AnyOperation, options: MemberOptions): readonly MemberOption[] {
  const shape = shapeOf(operation.service, operation.input ?? '');
  if (shape.type !== 'structure') return [];
  const members = Object.entries(shape.members).filter(([member]) => !options.omit.includes(member));
  return members.map(([member, target]) => memberOption(operation, { member, target }, options));
}

function memberOption(
  { service }: AnyOperation,
  { member, target }: { readonly member: string; readonly target: string },
  { names = {}, words = {} }: MemberOptions,
): MemberOption {
  const name = names[member] ?? kebab(member);
  const text = words[member] ?? `${member} of the API`;
  const option = (value: string) => new Option(`--${name} <${value}>`, text);
  const same = (value: unknown) => value;
  const shape = shapeOf(service, target);
  switch (shape.type) {
    case 'boolean':
      return { member, option: option('yes|no').choices(['yes', 'no']), read: (value) => value === 'yes' };
    case 'integer':
    case 'long':
      return { member, option: option('number').argParser(wholeNumber), read: same };
    case 'string':
      return { member, option: stringOption(option, shape.enum), read: same };
    case 'list':
      if (shapeOf(service, shape.member).type !== 'string') break;
      return { member, option: option('value').argParser(collectOrNone), read: same };
    case 'map':
      if (shapeOf(service, shape.value).type !== 'string') break;
      return {
        member,
        option: option('key=value').argParser(collect),
        read: (value) => pairsOf(value as string[]),
      };
  }
  return { member, option: option('json'), read: (value) => readJson(String(value), `--${name}`) };
}

function stringOption(option: (value: string) => Option, values: readonly string[] | undefined): Option {
  if (values === undefined) return option('text');
  const known = new Map(values.map((value) => [value.toLowerCase(), value]));
  return option('value')
    .choices([...values])
    .argParser((given: string) => {
      const value = known.get(given.toLowerCase());
      if (value === undefined) throw new InvalidArgumentError(`it is one of ${values.join(', ')}.`);
      return value;
    });
}

/** `none` for an empty list. */
function collectOrNone(value: string, before: readonly string[] = []): readonly string[] {
  return value === 'none' ? before : collect(value, before);
}

/** `ebsEncryptionKeyArn` → `ebs-encryption-key-arn`, `securityGroupsIDs` → `security-groups-ids`. */
export function kebab(member: string): string {
  return member
    .replaceAll('IDs', 'Ids')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}

/** Of a command that changes nothing. Errors: OPTION_INVALID. */
export function refuseEmpty(input: object, command: string): void {
  if (Object.keys(input).length > 0) return;
  throw new OperationError('OPTION_INVALID', 'nothing was given that could be changed', {
    hint: `\`${command} --help\` shows what can`,
  });
}
