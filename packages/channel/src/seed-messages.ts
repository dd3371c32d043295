/** Offline seeding, asked of a replication server: its staging disks filled from images. */
import type { MachineDisk } from './machine-messages.ts';

export interface SeedCommands {
  /**
   * Before the first recovery point: the staging disks, to be filled over NBD. What was copied already stays
   * where nothing is written; the agent waits until the seed is closed. Idempotent by seedId; closed by
   * itself when it is not opened again within `leaseMs`; a restart of the replication server ends it.
   * `renews`: it must be open already.
   */
  openSeed: {
    input: { seedId: string; sourceServerId: string; leaseMs: number; renews?: boolean };
    output: { disks: readonly MachineDisk[] };
  };
  /**
   * What was written is durable, and the agent compares it with its disks. Errors: what went wrong since it
   * was opened.
   */
  closeSeed: { input: { seedId: string; sourceServerId: string }; output: Record<string, never> };
}
