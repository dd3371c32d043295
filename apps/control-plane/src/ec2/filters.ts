/**
 * EC2's filters: all of them must match, each by one of its values, in which `*` is any text and `?` one
 * character.
 */
import { ec2Error } from '@landfall/api';
import { matchesPattern } from '../identity/policy-pattern.ts';

export interface Filter {
  readonly Name: string;
  readonly Value?: readonly string[];
}

export type Tags = Readonly<Record<string, string>>;

/** What a filter of this name looks at; an item may have several values. */
export type FilterTable<Item> = Readonly<Record<string, (item: Item) => FilteredValues>>;

type FilteredValue = string | number | boolean | undefined;
type FilteredValues = FilteredValue | readonly FilteredValue[];

export interface FilterOptions<Item> {
  readonly table: FilterTable<Item>;
  /** Of items that have tags: `tag:NAME` and `tag-key` work with it. */
  readonly tagsOf?: (item: Item) => Tags;
}

/** Errors: InvalidParameterValue for a filter that these items do not have. */
export function applyFilters<Item>(
  items: readonly Item[],
  filters: readonly Filter[] | undefined,
  options: FilterOptions<Item>,
): readonly Item[] {
  const tests = (filters ?? []).map(({ Name, Value = [] }) => {
    const valuesOf = readerOf(Name, options);
    return (item: Item) => valuesOf(item).some((value) => Value.some((one) => matchesPattern(one, value)));
  });
  return items.filter((item) => tests.every((test) => test(item)));
}

function readerOf<Item>(
  name: string,
  { table, tagsOf }: FilterOptions<Item>,
): (item: Item) => readonly string[] {
  if (tagsOf !== undefined && name === 'tag-key') return (item) => Object.keys(tagsOf(item));
  if (tagsOf !== undefined && name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return (item) => {
      const value = Object.entries(tagsOf(item)).find(([one]) => one === key)?.[1];
      return value === undefined ? [] : [value];
    };
  }
  const read = Object.hasOwn(table, name) ? table[name] : undefined;
  if (read === undefined) throw ec2Error('InvalidParameterValue', `The filter '${name}' is invalid`);
  return (item) => textsOf(read(item));
}

function textsOf(values: FilteredValues): readonly string[] {
  const list: readonly FilteredValue[] = typeof values === 'object' ? values : [values];
  return list.flatMap((value) => (value === undefined ? [] : [String(value)]));
}

/** The values that a filter of this name is given without wildcards; `undefined`: it does not narrow. */
export function exactValues(
  filters: readonly Filter[] | undefined,
  name: string,
): readonly string[] | undefined {
  const values = filters?.find(({ Name }) => Name === name)?.Value;
  return values?.some((value) => /[*?]/.test(value)) === false ? values : undefined;
}
