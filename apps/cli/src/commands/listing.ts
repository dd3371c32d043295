/**
 * `--filter` and `--limit` of the listings of MGN, read off the shapes: a filter is a member of the
 * operation's `filters`, its values are those the shape allows.
 */
import {
  type ApiClient,
  inputMembers,
  type OutputOf,
  operations,
  type PagedMgnOperation,
  shapeOf,
} from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { type Command, InvalidArgumentError } from 'commander';
import { collect } from './options.ts';

export interface ListOptions {
  readonly filter?: readonly string[];
  readonly limit?: number;
}

export interface FilterModel {
  readonly name: string;
  /** Several may be given, separated by commas. */
  readonly isList: boolean;
  /** What it may be, if that is known. */
  readonly values: readonly string[];
}

export type ItemOf<Name extends PagedMgnOperation> =
  OutputOf<'mgn', Name> extends { readonly items?: readonly (infer Item)[] | undefined } ? Item : never;

/** Of a page, by the model. */
const PAGE_ITEMS_MAX = 1000;

const listed = new WeakMap<Command, PagedMgnOperation>();

/** What `--filter` of a command takes, for completion; empty where it has none. */
export function filtersOfCommand(command: Command): readonly FilterModel[] {
  const name = listed.get(command);
  return name === undefined ? [] : filtersOf(name);
}

export function addListing(command: Command, name: PagedMgnOperation): Command {
  listed.set(command, name);
  const filters = filtersOf(name).map((filter) => filter.name);
  if (filters.length > 0)
    command.option(
      '--filter <name=value,…>',
      `only those; may be given several times: ${filters.join(', ')}`,
      collect,
    );
  return command.option('--limit <count>', 'at most so many', positiveNumber);
}

export function filtersOf(name: PagedMgnOperation): readonly FilterModel[] {
  const operation = operations.mgn[name];
  if (!inputMembers(operation).includes('filters')) return [];
  const request = shapeOf('mgn', operation.input ?? '');
  const filters = request.type === 'structure' ? shapeOf('mgn', request.members.filters ?? '') : request;
  if (filters.type !== 'structure') return [];
  return Object.entries(filters.members).map(([filter, target]) => filterModel(filter, target));
}

function filterModel(name: string, target: string): FilterModel {
  const shape = shapeOf('mgn', target);
  const value = shape.type === 'list' ? shapeOf('mgn', shape.member) : shape;
  const values =
    value.type === 'boolean' ? ['true', 'false'] : value.type === 'string' ? (value.enum ?? []) : [];
  return { name, isList: shape.type === 'list', values };
}

/** The `filters` of the request. Errors: OPTION_INVALID. */
export function parseFilters(
  name: PagedMgnOperation,
  given: readonly string[],
): Readonly<Record<string, unknown>> {
  const models = filtersOf(name);
  return Object.fromEntries(given.map((text) => parseFilter(models, text)));
}

function parseFilter(models: readonly FilterModel[], text: string): [name: string, value: unknown] {
  const [, name = '', value = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  const model = models.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (model === undefined) throw unknownFilter(models, text);
  const values = value.split(',').map((one) => allowedValue(model, one));
  if (model.isList) return [model.name, values];
  if (values.length > 1)
    throw invalid(`${model.name} takes one value`, `--filter ${model.name}=${values[0]}`);
  return [model.name, model.values.includes('true') ? values[0] === 'true' : values[0]];
}

function allowedValue({ name, values }: FilterModel, given: string): string {
  if (values.length === 0) return given;
  const known = values.find((one) => one.toLowerCase() === given.toLowerCase());
  if (known !== undefined) return known;
  throw invalid(`${name} cannot be ${given}`, `it is one of ${values.join(', ')}`);
}

function unknownFilter(models: readonly FilterModel[], text: string): OperationError {
  const names = models.map(({ name }) => name).join(', ');
  return invalid(`--filter ${text} is not NAME=VALUE with a name there is`, `the names are ${names}`);
}

function invalid(message: string, hint: string): OperationError {
  return new OperationError('OPTION_INVALID', message, { hint });
}

/** Page by page, no more of them than the limit needs. */
export async function listItems<Name extends PagedMgnOperation>(
  client: ApiClient,
  name: Name,
  input: Readonly<Record<string, unknown>>,
  { filter, limit = Number.POSITIVE_INFINITY }: ListOptions,
): Promise<readonly ItemOf<Name>[]> {
  const filters =
    filter === undefined ? {} : { filters: { ...(input.filters ?? {}), ...parseFilters(name, filter) } };
  const maxResults = limit < PAGE_ITEMS_MAX ? { maxResults: limit } : {};
  const items: ItemOf<Name>[] = [];
  for await (const page of client.mgnPages(name, { ...input, ...filters, ...maxResults } as never)) {
    items.push(...((page as { readonly items?: readonly ItemOf<Name>[] }).items ?? []));
    if (items.length >= limit) break;
  }
  return items.slice(0, limit);
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('it must be a whole number, at least 1.');
}
