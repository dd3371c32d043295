/**
 * Products with one fault built in. Each breaks one promise in the way a plausible mistake would; the checks
 * have to find every one of them, or they prove nothing.
 */
import type { Extent, ExtentHeader } from '@landfall/block';
import type {
  BlockEvent,
  CapturedExtent,
  ChunkWatch,
  Cut,
  EpochSource,
  TraceDrain,
  TraceSource,
} from '@landfall/capture';
import type { JournalFile, JournalFiles } from '@landfall/journal';
import type { EpochCommit } from '@landfall/model';
import { SourceFilter, StoreFilter } from './filters.ts';
import { LANE_MUTANTS } from './lane-mutants.ts';
import { RETENTION_MUTANTS } from './retention-mutants.ts';
import { BLOCK_BYTES } from './sector-content.ts';
import type { Mutant } from './world-options.ts';

/** The names say what is wrong. */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'the capture engine ignores a completion now and then (C1)': {
    trace: (trace) => withDrain(trace, (drain, count) => withoutEvents(drain, isNth(count, isCompletion, 9))),
  },
  'the capture engine ignores an issue now and then (C2)': {
    trace: (trace) => withDrain(trace, (drain, count) => withoutEvents(drain, isNth(count, isIssue, 4))),
  },
  'the watermark does not wait for events that are hidden (C4)': {
    trace: (trace) => withDrain(trace, (drain, _count, nowNs) => ({ ...drain, completeThroughNs: nowNs })),
  },
  'events are lost, and nobody notices (C5)': {
    trace: (trace) => withDrain(trace, (drain, count) => withoutSomeDrains(drain, count)),
  },
  'the watermark never moves, and events pile up (memory)': {
    trace: (trace) => withDrain(trace, (drain) => ({ ...drain, completeThroughNs: undefined })),
  },
  'a cut says it is a little younger than it is (C1)': {
    source: (source) => new LateLabels(source),
  },
  'the second disk is one cut behind the first (C3)': { source: (source) => new SecondDiskBehind(source) },
  'what was not acknowledged is forgotten with the connection (C6)': {
    source: (source) => new ForgettingSource(source),
  },
  'a chunk counts as quiet while it is written (W1)': { source: (source) => new RestlessWatch(source) },
  'epochs are acknowledged before they are synced (J2)': { store: (store) => new HastyStore(store) },
  'the sync does nothing (J2)': { files: withoutSync },
  'the replica drops an extent now and then (C7)': { store: (store) => new DroppingStore(store) },
  ...LANE_MUTANTS,
  ...RETENTION_MUTANTS,
};

type Change = (drain: TraceDrain, count: { value: number }, nowNs: number | undefined) => TraceDrain;

function withDrain(trace: TraceSource, change: Change): TraceSource {
  const count = { value: 0 };
  let nowNs: number | undefined;
  return {
    start: () => trace.start(),
    stop: () => trace.stop(),
    counts: trace.counts,
    drain: (wantsRead) => {
      const drain = trace.drain(wantsRead);
      nowNs = Math.max(nowNs ?? 0, drain.completeThroughNs ?? 0, ...drain.events.map(({ timeNs }) => timeNs));
      return change(drain, count, nowNs);
    },
  };
}

function withoutEvents(drain: TraceDrain, isIgnored: (event: BlockEvent) => boolean): TraceDrain {
  return { ...drain, events: drain.events.filter((event) => !isIgnored(event)) };
}

function withoutSomeDrains(drain: TraceDrain, count: { value: number }): TraceDrain {
  if (drain.events.length === 0) return drain;
  count.value += 1;
  return count.value % 12 === 0 ? { ...drain, events: [] } : drain;
}

function isNth(count: { value: number }, is: (event: BlockEvent) => boolean, nth: number) {
  return (event: BlockEvent): boolean => {
    if (!is(event)) return false;
    count.value += 1;
    return count.value % nth === 0;
  };
}

function isCompletion({ kind, operation }: BlockEvent): boolean {
  return kind === 'complete' && operation === 'write';
}

function isIssue({ kind, operation }: BlockEvent): boolean {
  return kind === 'issue' && operation === 'write';
}

class LateLabels extends SourceFilter {
  override async nextCut(options: Parameters<EpochSource['nextCut']>[0]): Promise<Cut | undefined> {
    const cut = await super.nextCut(options);
    if (cut === undefined) return undefined;
    return { ...cut, cutMonotonicNs: cut.cutMonotonicNs + 900_000n };
  }
}

class SecondDiskBehind extends SourceFilter {
  #behind: readonly CapturedExtent[] = [];

  override async nextCut(options: Parameters<EpochSource['nextCut']>[0]): Promise<Cut | undefined> {
    const cut = await super.nextCut(options);
    if (cut === undefined) return undefined;
    const before = this.#behind;
    this.#behind = cut.extents.filter(({ diskIndex }) => diskIndex === 1);
    return { ...cut, extents: [...before, ...cut.extents.filter(({ diskIndex }) => diskIndex !== 1)] };
  }
}

class ForgettingSource extends SourceFilter {
  override markDirty(diskIndex: number, extent: Extent): void {
    const isWholeDisk = extent.lengthBytes === this.disks[diskIndex]?.sizeBytes;
    if (isWholeDisk || extent.lengthBytes > 4 * BLOCK_BYTES) super.markDirty(diskIndex, extent);
  }
}

class RestlessWatch extends SourceFilter {
  override watchChunks(): ChunkWatch | undefined {
    const watch = super.watchChunks();
    return watch === undefined
      ? undefined
      : {
          begin: (diskIndex, firstChunk, count) => watch.begin(diskIndex, firstChunk, count),
          read: (diskIndex, chunk) => watch.read(diskIndex, chunk),
          settle: (signal) => watch.settle(signal),
          wasQuiet: () => true,
          isWaiting: () => false,
          mayLackFree: (diskIndex, chunk) => watch.mayLackFree(diskIndex, chunk),
          foundEqual: (diskIndex, chunk) => watch.foundEqual(diskIndex, chunk),
          touchedCount: (diskIndex) => watch.touchedCount(diskIndex),
          end: () => watch.end(),
        };
  }
}

class HastyStore extends StoreFilter {
  override async commit(commit: EpochCommit): Promise<void> {
    // Whether it becomes durable, nobody waits to hear.
    Promise.allSettled([super.commit(commit)]);
  }
}

class DroppingStore extends StoreFilter {
  #count = 0;
  #dropped = 0;

  override async putExtent(header: ExtentHeader, payload: Buffer, release?: () => void): Promise<void> {
    this.#count += 1;
    if (this.#count % 11 !== 0) return super.putExtent(header, payload, release);
    this.#dropped += 1;
  }

  override commit(commit: EpochCommit): Promise<void> {
    const extentCount = commit.extentCount - this.#dropped;
    this.#dropped = 0;
    return super.commit({ ...commit, extentCount });
  }

  override abandon(): Promise<void> {
    this.#dropped = 0;
    return super.abandon();
  }
}

function withoutSync(files: JournalFiles): JournalFiles {
  const lazy = (file: JournalFile): JournalFile => ({
    sizeBytes: () => file.sizeBytes(),
    read: (positionBytes, target) => file.read(positionBytes, target),
    readParts: (positionBytes, parts) => file.readParts(positionBytes, parts),
    write: (positionBytes, parts) => file.write(positionBytes, parts),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: async () => undefined,
    close: () => file.close(),
  });
  return {
    create: async (path) => lazy(await files.create(path)),
    open: async (path) => lazy(await files.open(path)),
    readWhole: (path) => files.readWhole(path),
    replace: (path, content) => files.replace(path, content),
    ensureFolder: (path) => files.ensureFolder(path),
    list: (path) => files.list(path),
    syncFolder: (path) => files.syncFolder(path),
    remove: (path) => files.remove(path),
    allocatedBytes: (path) => files.allocatedBytes(path),
    freeBytes: () => files.freeBytes(),
    lock: () => files.lock(),
  };
}
