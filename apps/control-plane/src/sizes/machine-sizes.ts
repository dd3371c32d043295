/**
 * The catalogue of machine sizes, pure. Ours is `machine-sizes.json` beside this file; an operator's file of
 * the same form in the data folder adds to it, changes sizes by name, or with `"replace": true` takes its
 * place. Sorted: memory first, then processors, then as listed, EC2's names before ours.
 */
import { MIB, OperationError } from '@landfall/runtime';
import ours from './machine-sizes.json' with { type: 'json' };

export interface MachineSize {
  readonly name: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
}

export type MachineSizes = readonly MachineSize[];

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SIZES_MAX = 1000;
/** What QEMU's `pc` machine takes. */
const CPU_COUNT_MAX = 255;
const MEMORY_MIB_MIN = 64;
const MEMORY_MIB_MAX = 16 * 1024 * 1024;

export const OUR_SIZES: MachineSizes = sorted(parseEntries(ours.sizes, 'machine-sizes.json'));

/** `where` names the file in errors. Errors: MACHINE_SIZES_INVALID. */
export function withOperatorSizes(text: string, where: string): MachineSizes {
  const file = parseFile(text, where);
  const theirs = parseEntries(file.sizes, where);
  const named = new Set(theirs.map(({ name }) => name));
  const kept = file.replace === true ? [] : OUR_SIZES.filter(({ name }) => !named.has(name));
  if (kept.length + theirs.length === 0) throw invalid(where, 'it replaces ours with no sizes at all');
  return sorted([...kept, ...theirs]);
}

function parseFile(text: string, where: string): { sizes: unknown; replace?: unknown } {
  const file = parseJson(text, where);
  if (typeof file !== 'object' || file === null || Array.isArray(file)) {
    throw invalid(where, 'it must be an object {"sizes": […], "replace": false}');
  }
  const unknown = Object.keys(file).find((key) => key !== 'sizes' && key !== 'replace');
  if (unknown !== undefined) throw invalid(where, `it has an unknown member ${unknown}`);
  const { sizes, replace } = file as { sizes?: unknown; replace?: unknown };
  if (replace !== undefined && typeof replace !== 'boolean') throw invalid(where, 'replace is true or false');
  return { sizes, replace };
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(where, error instanceof Error ? error.message : 'it is no JSON');
  }
}

function parseEntries(sizes: unknown, where: string): MachineSize[] {
  if (!Array.isArray(sizes)) throw invalid(where, 'sizes is no list');
  if (sizes.length > SIZES_MAX) throw invalid(where, `it has more than ${SIZES_MAX} sizes`);
  const names = new Set<string>();
  return sizes.map((entry: unknown, index) => {
    const size = parseEntry(entry, `size ${index + 1}`, where);
    if (names.has(size.name)) throw invalid(where, `${size.name} is there twice`);
    names.add(size.name);
    return size;
  });
}

function parseEntry(entry: unknown, which: string, where: string): MachineSize {
  const { name, cpuCount, memoryMiB } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw invalid(where, `${which}: name must be letters, digits, ".", "_", "-", at most 64`);
  }
  return {
    name,
    cpuCount: wholeWithin(cpuCount, [1, CPU_COUNT_MAX], `${name}: cpuCount`, where),
    memoryBytes: wholeWithin(memoryMiB, [MEMORY_MIB_MIN, MEMORY_MIB_MAX], `${name}: memoryMiB`, where) * MIB,
  };
}

function wholeWithin(
  value: unknown,
  [min, max]: readonly [number, number],
  what: string,
  where: string,
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(where, `${what} must be a whole number from ${min} to ${max}`);
}

function sorted(sizes: MachineSizes): MachineSizes {
  return sizes.toSorted(
    (left, right) => left.memoryBytes - right.memoryBytes || left.cpuCount - right.cpuCount,
  );
}

function invalid(where: string, why: string): OperationError {
  return new OperationError('MACHINE_SIZES_INVALID', `${where} is no catalogue of machine sizes: ${why}`, {
    hint: 'correct the file or remove it, then start the control plane again; docs/launch-configuration.md shows its form',
  });
}
