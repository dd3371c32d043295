/**
 * Reads a safety trace to its end, once (S3), and says whether that was all of it. It was when
 *   - it is the trace that was begun: its first mark comes back, and there are no fewer events than were
 *     counted,
 *   - nobody read from it, none were lost or dropped, and as many came as the kernel committed,
 *   - it recorded to the end: a mark written just before comes back, and it shows at least the sectors that
 *     /sys/block/X/stat counts as written since the copy (see linux-trace-source.ts).
 * Issues and completions both count (S2); requeues add nothing.
 */
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Clock } from '@landfall/runtime';
import type { LinuxDisk } from '../disks/linux-disks.ts';
import { type BlockEvent, createBlockEventDecoder } from '../tracing/block-event.ts';
import { type CpuStats, openCpuStats, readPage } from '../tracing/linux-cpu-buffer.ts';
import { readFormats, TRACEFS } from '../tracing/linux-tracefs.ts';
import { decodePage, parsePageLayout } from '../tracing/ring-buffer-page.ts';
import { parseEventFormat, requireField } from '../tracing/trace-format.ts';
import { DiskChanges } from '../tracker/disk-changes.ts';
import { sectorsWritten } from './linux-safety-trace.ts';
import type { DrainedTrace, TraceIdentity } from './safety-trace.ts';

export interface DrainOptions {
  readonly folder: string;
  readonly identity: TraceIdentity;
  readonly disks: readonly LinuxDisk[];
  readonly clock: Clock;
}

/** Between two rests, in which the live trace is drained. */
const PAGES_AT_ONCE = 128;
/** Events of a nested interrupt are hidden for microseconds; a vCPU can be away for long. */
const HIDDEN_MS_MAX = 10_000;
const HIDDEN_PAUSE_MS = 2;
/**
 * A completion is traced before it is counted; its CPU may be taken away in between. So those traced so
 * shortly before the counter was read may have been counted since.
 */
const UNCOUNTED_NS_MAX = 20e6;

export async function drainInstance(options: DrainOptions): Promise<DrainedTrace> {
  const { folder, identity } = options;
  const endMark = `${identity.mark}-end`;
  await writeFile(`${folder}/trace_marker`, endMark);
  const written = sectorsWritten(options.disks);
  const names = readdirSync(`${folder}/per_cpu`);
  const cpus = names.map((name) => openCpuStats(`${folder}/per_cpu/${name}`));
  try {
    const stats = cpus.map((cpu) => cpu.read());
    const untouched = whyTouched(stats, identity);
    if (untouched !== undefined) return doubt(untouched);
    const reading = new Reading(options);
    for (const [index, name] of names.entries()) {
      const committed = stats[index]?.committed ?? 0;
      const why = await reading.readCpu(`${folder}/per_cpu/${name}`, committed);
      if (why !== undefined) return doubt(why);
    }
    const lost = cpus.map((cpu) => cpu.read()).reduce((sum, cpu) => sum + cpu.lost + cpu.dropped, 0);
    if (lost > 0) return doubt(overrun(lost));
    return reading.conclude([identity.mark, endMark], written);
  } finally {
    for (const cpu of cpus) cpu.close();
  }
}

function whyTouched(stats: readonly CpuStats[], { committed }: TraceIdentity): string | undefined {
  if (stats.length !== committed.length) return 'the number of CPUs changed since the last checkpoint';
  const lost = stats.reduce((sum, cpu) => sum + cpu.lost + cpu.dropped, 0);
  if (lost > 0) return overrun(lost);
  if (stats.some(({ readEvents }) => readEvents > 0)) return 'the safety trace was read before';
  const fewer = stats.some((cpu, index) => cpu.committed < (committed[index] ?? 0));
  return fewer ? 'the safety trace was cleared' : undefined;
}

function overrun(lostCount: number): string {
  return `more changed than the safety trace holds: ${lostCount} events were lost`;
}

class Reading {
  readonly #options: DrainOptions;
  readonly #page: Buffer;
  readonly #layout;
  readonly #decoder;
  readonly #markId: number;
  readonly #markOffset: number;
  readonly #baseNs: bigint;
  readonly #changes: readonly DiskChanges[];
  readonly #sectorsSeen: number[];
  readonly #marks = new Set<string>();
  #eventCount = 0;

  constructor(options: DrainOptions) {
    this.#options = options;
    const { folder, disks } = options;
    this.#layout = parsePageLayout(readFileSync(`${folder}/events/header_page`, 'utf8'));
    this.#baseNs = BigInt(options.identity.madeAtNs);
    this.#page = Buffer.alloc(this.#layout.pageSizeBytes);
    const indexes = new Map(disks.map(({ kernelDevice }, index) => [kernelDevice, index]));
    this.#decoder = createBlockEventDecoder(readFormats(folder), indexes);
    const format = parseEventFormat(readFileSync(`${TRACEFS}/events/ftrace/print/format`, 'utf8'));
    this.#markId = format.id;
    this.#markOffset = requireField(format.name, format.fields, 'buf').offsetBytes;
    this.#changes = disks.map(({ sizeBytes }, index) => new DiskChanges(index, sizeBytes));
    this.#sectorsSeen = disks.map(() => 0);
  }

  /** Why it is not all there, if it is not. */
  async readCpu(folder: string, committed: number): Promise<string | undefined> {
    const pipe = openSync(`${folder}/trace_pipe_raw`, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      let consumed = 0;
      let waitedMs = 0;
      for (let pages = 1; consumed < committed; pages += 1) {
        const { eventCount, lostCount } = this.#readPage(pipe);
        if (lostCount !== 0) return overrun(lostCount ?? 1);
        consumed += eventCount;
        if (eventCount === 0) {
          if (waitedMs > HIDDEN_MS_MAX) return 'events stay hidden in the safety trace';
          waitedMs += HIDDEN_PAUSE_MS;
        }
        const pauseMs = eventCount === 0 ? HIDDEN_PAUSE_MS : 0;
        if (pauseMs > 0 || pages % PAGES_AT_ONCE === 0) await this.#options.clock.sleep(pauseMs);
      }
      return undefined;
    } finally {
      closeSync(pipe);
    }
  }

  conclude(marks: readonly string[], written: readonly (number | null)[]): DrainedTrace {
    const { identity, disks } = this.#options;
    if (!marks.every((mark) => this.#marks.has(mark))) {
      return doubt('the safety trace was cleared, or the kernel stopped recording');
    }
    const missing = disks.find((_disk, index) => {
      const [before, now] = [identity.sectorsWritten[index], written[index]];
      if (typeof before !== 'number' || typeof now !== 'number') return false;
      return now - before > (this.#sectorsSeen[index] ?? 0);
    });
    if (missing !== undefined) return doubt(`writes to ${missing.name} do not appear in the safety trace`);
    const found = this.#changes.map(({ dirty, discarded }) => {
      return { dirty: dirty.copy(), discarded: discarded.copy(), extents: [] };
    });
    return { kind: 'COMPLETE', disks: found, eventCount: this.#eventCount };
  }

  #readPage(pipe: number) {
    if (!readPage(pipe, this.#page)) return { eventCount: 0, lostCount: 0 };
    return decodePage(this.#page, this.#layout, this.#baseNs, (timeNs, at, sizeBytes) => {
      const event = this.#decoder.decode(this.#page, at, timeNs);
      if (event !== undefined) this.#note(event);
      else if (this.#page.readUInt16LE(at) === this.#markId) this.#noteMark(at, sizeBytes);
    });
  }

  #note(event: BlockEvent): void {
    const { diskIndex, kind, operation, sector, sectorCount, timeNs } = event;
    const disk = this.#changes[diskIndex];
    if (disk === undefined || operation === 'read' || kind === 'requeue') return;
    this.#eventCount += 1;
    const range = disk.blocksOf(sector * 512, sectorCount * 512);
    if (operation === 'discard') disk.markDiscarded(range);
    else disk.markDirty(range);
    if (operation === 'discard' || kind !== 'complete' || timeNs < -UNCOUNTED_NS_MAX) return;
    this.#sectorsSeen[diskIndex] = (this.#sectorsSeen[diskIndex] ?? 0) + sectorCount;
  }

  #noteMark(at: number, sizeBytes: number): void {
    const text = this.#page.toString('latin1', at + this.#markOffset, at + sizeBytes);
    this.#marks.add(text.split(/[\0\n]/)[0] ?? '');
  }
}

function doubt(reason: string): DrainedTrace {
  return { kind: 'DOUBT', reason };
}
