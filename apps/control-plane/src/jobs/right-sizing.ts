/**
 * Cores and memory of a launched machine, pure. BASIC takes what the source has, within what the launch host
 * can give; NONE takes a small fixed size, for launch configurations that mean to say otherwise.
 */
import type { SourceProperties } from '@landfall/model';
import { GIB, MIB } from '@landfall/runtime';

export interface MachineSize {
  readonly cpuCount: number;
  readonly memoryBytes: number;
}

export interface HostCapacity {
  readonly freeMemoryBytes: number;
}

const CPU_COUNT_MAX = 16;
const MEMORY_BYTES_MIN = 512 * MIB;
const MEMORY_BYTES_MAX = 64 * GIB;
/** The host keeps this part of its free memory to itself and to QEMU. */
const HOST_SHARE = 0.75;
const FIXED_SIZE: MachineSize = { cpuCount: 2, memoryBytes: 2 * GIB };

export function sizeMachine(
  method: 'NONE' | 'BASIC',
  source: Pick<SourceProperties, 'cpus' | 'ramBytes'>,
  host: HostCapacity | undefined,
): MachineSize {
  const wanted = method === 'NONE' ? FIXED_SIZE : sourceSize(source);
  const hostLimit = host === undefined ? MEMORY_BYTES_MAX : Math.floor(host.freeMemoryBytes * HOST_SHARE);
  const limit = Math.max(MEMORY_BYTES_MIN, Math.min(MEMORY_BYTES_MAX, hostLimit));
  const memoryBytes = Math.min(limit, Math.max(MEMORY_BYTES_MIN, wanted.memoryBytes));
  return {
    cpuCount: Math.min(CPU_COUNT_MAX, Math.max(1, wanted.cpuCount)),
    memoryBytes: Math.floor(memoryBytes / MIB) * MIB,
  };
}

/** What the system sees of its memory is a little less than was put in: up to the next 256 MiB. */
function sourceSize({ cpus, ramBytes }: Pick<SourceProperties, 'cpus' | 'ramBytes'>): MachineSize {
  const step = 256 * MIB;
  return {
    cpuCount: cpus.reduce((sum, cpu) => sum + cpu.cores, 0),
    memoryBytes: Math.ceil(ramBytes / step) * step,
  };
}
