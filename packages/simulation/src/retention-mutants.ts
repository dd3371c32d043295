/** Replication servers that keep less than they should, or lose what they keep when they make room. */
import type { JournalFiles } from '@landfall/journal';
import type { Mutant } from './world-options.ts';

/** The names say what is wrong. */
export const RETENTION_MUTANTS: Readonly<Record<string, Mutant>> = {
  'tiers last half as long as they say (P2 of retention)': {
    tiers: (tiers) => tiers.map(({ everyMs, forMs }) => ({ everyMs, forMs: Math.floor(forMs / 2) })),
  },
  'bytes go before the list of points is durable (J3)': { files: withoutListOfPoints },
};

const POINTS_PATH = 'points';

/** The first list is written; later ones seem to be. */
function withoutListOfPoints(files: JournalFiles): JournalFiles {
  return {
    create: (path) => files.create(path),
    open: (path) => files.open(path),
    readWhole: (path) => files.readWhole(path),
    replace: async (path, content) => {
      const isKnown = path === POINTS_PATH && (await files.readWhole(path)) !== undefined;
      if (!isKnown) await files.replace(path, content);
    },
    ensureFolder: (path) => files.ensureFolder(path),
    list: (path) => files.list(path),
    syncFolder: (path) => files.syncFolder(path),
    remove: (path) => files.remove(path),
    allocatedBytes: (path) => files.allocatedBytes(path),
    freeBytes: () => files.freeBytes(),
    lock: () => files.lock(),
  };
}
