/**
 * Which size a launched machine gets, pure. BASIC: the smallest of the catalogue that has at least the
 * source's cores and memory. NONE: the one the launch template names. Either within what the launch host can
 * give: else the largest that fits, and why.
 */
import type { SourceProperties } from '@landfall/model';
import { formatBytes, OperationError } from '@landfall/runtime';
import type { MachineSize, MachineSizes } from './machine-sizes.ts';

type SourceHardware = Pick<SourceProperties, 'cpus' | 'ramBytes'>;

export interface HostCapacity {
  readonly freeMemoryBytes: number;
}

export interface ChosenSize {
  readonly size: MachineSize;
  /** Why it is less than was wanted. */
  readonly remark?: string;
}

/** The host keeps the rest of its free memory to itself and to QEMU. */
const HOST_SHARE = 0.75;

/** The largest of the catalogue when none is large enough. */
export function rightSize(sizes: MachineSizes, source: SourceHardware): MachineSize {
  const cores = coresOf(source);
  const fits = sizes.find((size) => size.cpuCount >= cores && size.memoryBytes >= source.ramBytes);
  const found = fits ?? largestWithin(sizes, Number.POSITIVE_INFINITY, cores);
  if (found === undefined) throw impossible('the catalogue of machine sizes is empty');
  return found;
}

export function findSize(sizes: MachineSizes, name: string): MachineSize | undefined {
  return sizes.find((size) => size.name === name);
}

/** Errors: MACHINE_SIZE_IMPOSSIBLE. */
export function fitToHost(
  sizes: MachineSizes,
  wanted: MachineSize,
  host: HostCapacity | undefined,
): ChosenSize {
  if (host === undefined) return { size: wanted };
  const limitBytes = Math.floor(host.freeMemoryBytes * HOST_SHARE);
  if (wanted.memoryBytes <= limitBytes) return { size: wanted };
  const size = largestWithin(sizes, limitBytes, wanted.cpuCount);
  const free = `${formatBytes(host.freeMemoryBytes)} of memory are free on the launch host`;
  if (size === undefined) throw impossible(`${free}, too little for any size, let alone ${wanted.name}`);
  return { size, remark: `${wanted.name} does not fit, ${free}: launched as ${size.name}` };
}

/** What the catalogue has for a source whose size nothing in it reaches: told, not hidden. */
export function shortfall(size: MachineSize, source: SourceHardware): string | undefined {
  if (size.cpuCount >= coresOf(source) && size.memoryBytes >= source.ramBytes) return undefined;
  return `no size has the source's ${coresOf(source)} cores and ${formatBytes(source.ramBytes)}: ${size.name} comes closest`;
}

/** Most memory; of those the fewest processors that are enough, else the most there are. */
function largestWithin(sizes: MachineSizes, limitBytes: number, cores: number): MachineSize | undefined {
  const within = sizes.filter((size) => size.memoryBytes <= limitBytes);
  const most = within.at(-1)?.memoryBytes;
  const largest = within.filter((size) => size.memoryBytes === most);
  return largest.find((size) => size.cpuCount >= cores) ?? largest.at(-1);
}

function coresOf({ cpus }: SourceHardware): number {
  return Math.max(
    1,
    cpus.reduce((sum, cpu) => sum + cpu.cores, 0),
  );
}

function impossible(why: string): OperationError {
  return new OperationError('MACHINE_SIZE_IMPOSSIBLE', `no machine can be launched: ${why}`, {
    hint: 'end machines that are no longer needed, or add a launch host',
  });
}
