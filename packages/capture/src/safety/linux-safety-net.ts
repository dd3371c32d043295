/** Puts the safety net together over the real kernel. */
import { type Clock, type Logger, systemClock, systemRandom } from '@landfall/runtime';
import { diskAt } from '../disks/linux-disks.ts';
import type { CaptureEngine } from '../engine/capture-engine.ts';
import { createFileCheckpointStore } from './file-checkpoint.ts';
import { LinuxSafetyTrace, removeInstance, safetyInstanceFolder } from './linux-safety-trace.ts';
import { isOtherAlive, ownProcess, readSafetyWorld, safetyBufferKib } from './linux-safety-world.ts';
import { SafetyNet } from './safety-net.ts';
import type { SafetyTraceName } from './safety-trace.ts';

export interface OpenSafetyNetOptions {
  /** Started, and nothing taken from it yet. */
  readonly engine: CaptureEngine;
  /** The same as the engine's. */
  readonly stateName: string;
  /** Best in memory, below /run. */
  readonly checkpointPath: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly bufferKibPerCpu?: number;
  readonly intervalMs?: number;
}

export function openSafetyNet(options: OpenSafetyNetOptions): SafetyNet {
  const { engine, stateName, logger, clock = systemClock } = options;
  const places = engine.disks.map(({ diskId, deviceName }) => ({ diskId, disk: diskAt(deviceName) }));
  const bufferKibPerCpu = options.bufferKibPerCpu ?? safetyBufferKib();
  const disks = places.map(({ disk }) => disk);
  const trace = (name: SafetyTraceName) =>
    new LinuxSafetyTrace({ name, stateName, disks, bufferKibPerCpu, clock });
  return new SafetyNet({
    source: engine,
    traces: { a: trace('a'), b: trace('b') },
    store: createFileCheckpointStore(options.checkpointPath),
    readWorld: async () => readSafetyWorld(places, clock),
    owner: ownProcess(),
    isAlive: isOtherAlive,
    random: systemRandom,
    ...{ clock, logger },
    ...(options.intervalMs === undefined ? {} : { intervalMs: options.intervalMs }),
  });
}

/** When replication of this server has ended for good: nothing of the net stays. Errors: EBUSY. */
export async function removeSafetyNet(options: {
  readonly stateName: string;
  readonly checkpointPath: string;
  readonly clock?: Clock;
}): Promise<void> {
  const { stateName, checkpointPath, clock = systemClock } = options;
  await createFileCheckpointStore(checkpointPath).remove();
  for (const name of ['a', 'b'] as const) await removeInstance(safetyInstanceFolder(stateName, name), clock);
}
