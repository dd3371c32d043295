/** What this launch host can, as it tells the control plane: its machine host, and the room for disks. */
import { statfs } from 'node:fs/promises';
import type { LaunchHostCapabilities } from '@landfall/channel';
import type { HostFacts, MachineHostKind } from '@landfall/launch';

/** `folder`: on the file system that machines' disks are on. */
export async function describeCapabilities(
  kind: MachineHostKind,
  { version, reason, firmware, machineTypes, cpuCount, memoryBytes }: HostFacts,
  folder: string,
): Promise<LaunchHostCapabilities> {
  const { blocks, bavail, bsize } = await statfs(folder);
  return {
    ...{ kind, version, acceleratorReason: reason, firmware, machineTypes, cpuCount, memoryBytes },
    ...{ diskTotalBytes: blocks * bsize, diskFreeBytes: bavail * bsize },
  };
}
