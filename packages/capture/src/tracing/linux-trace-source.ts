/**
 * The kernel's block events of some disks, through an instance of our own.
 *
 * The barrier (kernel-tracing.md, 23): note the time; read each CPU's counters; drain each CPU until as many
 * events came as were committed. Reading consumes, so the own count and the counters must agree for ever;
 * anything else (a second reader, a cleared buffer) is a doubt. Every second, besides: settings unchanged, no
 * loss counted, our marker comes back, and the trace shows at least the sectors that /sys/block/X/stat counts
 * as written: the kernel traces a completion before it counts it, so after a barrier a smaller number proves
 * that writes went unseen.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { assert, type Clock, type Logger, systemErrorCode } from '@landfall/runtime';
import { countersOf, type DiskCounters, type LinuxDisk } from '../disks/linux-disks.ts';
import { type BlockEvent, type BlockEventDecoder, createBlockEventDecoder } from './block-event.ts';
import { type CpuStats, readPage, readStats, STATS_BYTES_MAX } from './linux-cpu-buffer.ts';
import { OwnThreads } from './linux-own-threads.ts';
import { createTraceInstance, removeStaleInstances, type TraceInstance } from './linux-tracefs.ts';
import { decodePage } from './ring-buffer-page.ts';
import type { IdleSighting } from './timeline.ts';
import type { TraceDrain, TraceSource, WantsRead } from './trace-source.ts';

export interface LinuxTraceSourceOptions {
  readonly stateName: string;
  readonly disks: readonly LinuxDisk[];
  readonly clock: Clock;
  readonly baseNs: bigint;
  readonly logger: Logger;
  /** Grows by itself, up to 64 MiB, when it overflowed. */
  readonly bufferKibPerCpu?: number;
}

const BUFFER_KIB_DEFAULT = 8192;
const BUFFER_KIB_MAX = 65_536;
const BUFFERS_TOTAL_KIB_MAX = 262_144;
const CHECK_INTERVAL_NS = 1e9;
/** Events of a nested interrupt are hidden for microseconds; a vCPU can be away for long. */
const HIDDEN_NS_MAX = 30e9;
/**
 * A request is traced as issued a few instructions before it is counted as in flight, and the CPU may be
 * taken away in between; for so long the count says nothing about it.
 */
const UNCOUNTED_NS_MAX = 1e9;
/**
 * Between our count and the kernel's there is at most one page of hidden events; reads beyond that many are
 * no progress.
 */
const EMPTY_READS_MAX = 2;

interface Cpu {
  readonly pipe: number;
  readonly stats: number;
  consumedCount: number;
}

interface Session {
  readonly instance: TraceInstance;
  readonly decoder: BlockEventDecoder;
  readonly cpus: readonly Cpu[];
  readonly marker: number;
  readonly page: Buffer;
  readonly startedNs: number;
  readonly disks: readonly WatchedDisk[];
  lastCompleteNs: number;
  nextCheckNs: number;
  markersWritten: number;
  markersSeen: number;
}

interface WatchedDisk {
  readonly name: string;
  readonly counters: DiskCounters;
  readonly sectorsAtStart: number | undefined;
  sectorsSeen: number;
  seenIdle: boolean;
}

export function createLinuxTraceSource(options: LinuxTraceSourceOptions): TraceSource {
  return new LinuxTraceSource(options);
}

class LinuxTraceSource implements TraceSource {
  readonly #options: LinuxTraceSourceOptions;
  readonly #ownThreads = new OwnThreads();
  readonly #statsText = Buffer.alloc(STATS_BYTES_MAX);
  #session: Session | undefined;
  #bufferKib: number;
  #events = 0;
  #lost = 0;
  #passthroughBefore = 0;
  readonly #passthroughDisks = new Set<number>();

  constructor(options: LinuxTraceSourceOptions) {
    this.#options = options;
    this.#bufferKib = options.bufferKibPerCpu ?? BUFFER_KIB_DEFAULT;
  }

  get counts() {
    const passthrough = this.#passthroughBefore + (this.#session?.decoder.passthroughCount ?? 0);
    const now = this.#session?.decoder.passthroughDisks ?? [];
    const passthroughDisks = [...new Set([...this.#passthroughDisks, ...now])];
    return { events: this.#events, lost: this.#lost, passthrough, passthroughDisks };
  }

  start(): void {
    assert(this.#session === undefined, 'a trace source is started once at a time');
    const { stateName, disks, logger } = this.#options;
    removeStaleInstances(logger);
    const kernelDevices = disks.map(({ kernelDevice }) => kernelDevice);
    const instance = createTraceInstance({ stateName, kernelDevices, bufferKibPerCpu: this.#bufferKib });
    try {
      this.#session = this.#openSession(instance);
    } catch (error) {
      instance.remove();
      throw error;
    }
  }

  drain(wantsRead: WantsRead): TraceDrain {
    const session = this.#session;
    assert(session !== undefined, 'a trace source is drained while it runs');
    const barrierNs = this.#nowNs();
    const check = barrierNs >= session.nextCheckNs ? this.#beginCheck(session) : undefined;
    const idle = this.#lookForIdle(session, check !== undefined);
    const events: BlockEvent[] = [];
    let complete = true;
    let doubt: string | undefined;
    const targets = session.cpus.map((cpu) => readStats(cpu.stats, this.#statsText));
    session.cpus.forEach((cpu, index) => {
      const stats = targets[index];
      assert(stats !== undefined, 'every CPU has its counters');
      doubt ??= this.#countLosses(stats) ?? this.#drainCpu(session, cpu, stats.committed, events, wantsRead);
      if (cpu.consumedCount < stats.committed) complete = false;
    });
    this.#events += events.length;
    if (complete) session.lastCompleteNs = barrierNs;
    else if (barrierNs - session.lastCompleteNs > HIDDEN_NS_MAX) doubt ??= 'events stay hidden in the buffer';
    if (complete) doubt ??= check?.();
    return { events, completeThroughNs: complete ? barrierNs : undefined, idle, doubt };
  }

  stop(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    this.#passthroughBefore += session.decoder.passthroughCount;
    for (const disk of session.decoder.passthroughDisks) this.#passthroughDisks.add(disk);
    closeSession(session);
    try {
      session.instance.remove();
    } catch (error) {
      this.#options.logger.warn('trace-instance-not-removed', { folder: session.instance.folder, error });
    }
  }

  #openSession(instance: TraceInstance): Session {
    const { disks } = this.#options;
    const nowNs = this.#nowNs();
    const opened: number[] = [];
    const openFile = (path: string, flags: number) => {
      const file = openSync(path, flags);
      opened.push(file);
      return file;
    };
    try {
      return {
        instance,
        decoder: createBlockEventDecoder(
          instance.formats,
          new Map(disks.map(({ kernelDevice }, index) => [kernelDevice, index])),
        ),
        cpus: instance.cpuFolders.map((folder) => ({
          pipe: openFile(`${folder}/trace_pipe_raw`, constants.O_RDONLY | constants.O_NONBLOCK),
          stats: openFile(`${folder}/stats`, constants.O_RDONLY),
          consumedCount: 0,
        })),
        marker: openFile(`${instance.folder}/trace_marker`, constants.O_WRONLY),
        page: Buffer.alloc(instance.pageLayout.pageSizeBytes),
        startedNs: nowNs,
        disks: disks.map(watchDisk),
        lastCompleteNs: nowNs,
        nextCheckNs: nowNs,
        markersWritten: 0,
        markersSeen: 0,
      };
    } catch (error) {
      for (const file of opened) closeSync(file);
      throw error;
    }
  }

  #drainCpu(
    session: Session,
    cpu: Cpu,
    committed: number,
    events: BlockEvent[],
    wantsRead: WantsRead,
  ): string | undefined {
    if (committed < cpu.consumedCount) return 'somebody cleared the trace buffer';
    let emptyReads = 0;
    while (cpu.consumedCount < committed && emptyReads < EMPTY_READS_MAX) {
      if (!readPage(cpu.pipe, session.page)) return undefined;
      const { page, decoder, instance } = session;
      const { eventCount, lostCount } = decodePage(
        page,
        instance.pageLayout,
        this.#options.baseNs,
        (timeNs, at) => {
          const event = decoder.decode(page, at, timeNs);
          if (event === undefined) return this.#noteMarker(session, at);
          noteSectors(session, event);
          if (event.operation !== 'read' || this.#isOwnRead(session, event, at, wantsRead))
            events.push(event);
        },
      );
      cpu.consumedCount += eventCount;
      if (lostCount !== 0) return this.#overflowed(lostCount ?? 1);
      emptyReads = eventCount === 0 ? emptyReads + 1 : 0;
    }
    return undefined;
  }

  /** A completion has no thread: one that is not ours makes the read's window ambiguous, and so unused. */
  #isOwnRead(session: Session, event: BlockEvent, at: number, wantsRead: WantsRead): boolean {
    if (!wantsRead(event.diskIndex, event.sector, event.sectorCount)) return false;
    const threadId = session.decoder.threadIdOf(session.page, at);
    return event.kind !== 'issue' || this.#ownThreads.has(threadId, this.#nowNs());
  }

  #countLosses({ lost, dropped }: CpuStats): string | undefined {
    if (lost > 0) return this.#overflowed(lost);
    return dropped > 0 ? `the kernel dropped ${dropped} events` : undefined;
  }

  /** The next instance gets twice the buffer. */
  #overflowed(lostCount: number): string {
    this.#lost += lostCount;
    const cpuCount = this.#session?.cpus.length ?? 1;
    const most = Math.min(BUFFER_KIB_MAX, BUFFERS_TOTAL_KIB_MAX / cpuCount);
    this.#bufferKib = Math.max(this.#bufferKib, Math.min(most, this.#bufferKib * 2));
    return `the trace buffer overflowed: ${lostCount} events were lost`;
  }

  #noteMarker(session: Session, at: number): void {
    if (session.page.readUInt16LE(at) === session.instance.markerFormat.id) session.markersSeen += 1;
  }

  /** What must hold after the barrier that follows. */
  #beginCheck(session: Session): () => string | undefined {
    session.nextCheckNs = this.#nowNs() + CHECK_INTERVAL_NS;
    const altered = session.instance.alteration();
    const marked = writeMarker(session.marker);
    session.markersWritten += marked ? 1 : 0;
    const expected = session.disks.map(({ counters }) => counters.sectorsWritten());
    return () => {
      if (altered !== undefined) return `the trace was altered: ${altered}`;
      if (!marked || session.markersSeen < session.markersWritten) return 'the kernel stopped recording';
      const index = session.disks.findIndex((disk, at) => missesSectors(disk, expected[at]));
      return index < 0 ? undefined : `writes to ${session.disks[index]?.name} do not appear in the trace`;
    };
  }

  /** Until each was seen idle once, all disks at every drain; afterwards at every check. */
  #lookForIdle(session: Session, isCheck: boolean): IdleSighting[] {
    const atNs = this.#nowNs();
    const issuedBeforeNs = atNs - UNCOUNTED_NS_MAX;
    if (issuedBeforeNs < session.startedNs) return [];
    return session.disks.flatMap((disk, diskIndex) => {
      if ((disk.seenIdle && !isCheck) || disk.counters.writesInFlight() !== 0) return [];
      disk.seenIdle = true;
      return [{ diskIndex, atNs, issuedBeforeNs }];
    });
  }

  #nowNs(): number {
    return Number(this.#options.clock.monotonicNs() - this.#options.baseNs);
  }
}

function watchDisk(disk: LinuxDisk): WatchedDisk {
  const counters = countersOf(disk);
  return {
    name: disk.deviceName,
    counters,
    sectorsAtStart: counters.sectorsWritten(),
    sectorsSeen: 0,
    seenIdle: false,
  };
}

function noteSectors(session: Session, event: BlockEvent): void {
  const disk = session.disks[event.diskIndex];
  if (disk === undefined || event.kind !== 'complete' || event.operation !== 'write') return;
  disk.sectorsSeen += event.sectorCount;
}

function missesSectors(disk: WatchedDisk, counted: number | undefined): boolean {
  if (counted === undefined || disk.sectorsAtStart === undefined) return false;
  return counted - disk.sectorsAtStart > disk.sectorsSeen;
}

function writeMarker(file: number): boolean {
  try {
    writeSync(file, 'landfall');
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

function closeSession(session: Session): void {
  for (const cpu of session.cpus) {
    closeSync(cpu.pipe);
    closeSync(cpu.stats);
  }
  closeSync(session.marker);
}
