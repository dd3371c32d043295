/** Why a checkpoint made in one world is worth nothing in another. */
import type { SafetyWorld } from './checkpoint.ts';

/** Steps of the wall clock below this are corrections of it. */
const CLOCK_STEP_MS_MAX = 2000;

export function whyOtherWorld(made: SafetyWorld, now: SafetyWorld): string | undefined {
  if (made.bootId !== now.bootId) return 'the server was restarted since the last checkpoint';
  if (made.machineId !== now.machineId) return 'the last checkpoint was made on another machine';
  if (Math.abs(made.clockOffsetMs - now.clockOffsetMs) > CLOCK_STEP_MS_MAX) {
    return 'the clock jumped since the last checkpoint: the server was hibernated, set back, or its clock set';
  }
  const ids = (world: SafetyWorld) => world.disks.map(({ diskId }) => diskId).join();
  if (ids(made) !== ids(now)) return 'the last checkpoint was made of other disks';
  const other = now.disks.find(({ identity }, index) => identity !== made.disks[index]?.identity);
  return other === undefined ? undefined : `${other.diskId} is not the disk it was at the last checkpoint`;
}
