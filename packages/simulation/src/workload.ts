/**
 * Who writes to the source's disks. Writers come and go in bursts; each issues its next write some time after
 * the acknowledgement of its last (then the order is known: whoever sees the second has the first), or
 * without waiting for it. Lazy: writes are issued when somebody looks at the disks.
 */
import type { Random } from '@landfall/runtime';
import { SECTORS_PER_BLOCK } from './sector-content.ts';
import type { Change, SourceDisks } from './source-disks.ts';

const WRITER_KINDS = [
  'ledger',
  'ledger',
  'hot',
  'sequential',
  'random',
  'random',
  'zeroes',
  'discards',
] as const;
type WriterKind = (typeof WRITER_KINDS)[number];

interface Writer {
  readonly kind: WriterKind;
  readonly waits: boolean;
  readonly gapNsMax: number;
  readonly hotSector: number;
  nextNs: number;
  burstEndsNs: number;
  /** Where a ledger or a sequential writer goes on, over all disks. */
  position: number;
}

const GAPS_NS: readonly number[] = [800_000, 4e6, 25e6];
const BURST_NS_MAX = 300e6;
const QUIET_NS_MAX = 250e6;

export class Workload {
  readonly #disks: SourceDisks;
  readonly #random: Random;
  readonly #writers: readonly Writer[];
  #changesLeft: number;
  #stopped = false;

  constructor(options: {
    readonly disks: SourceDisks;
    readonly random: Random;
    readonly changesMax: number;
  }) {
    const { disks, random, changesMax } = options;
    this.#disks = disks;
    this.#random = random;
    this.#changesLeft = changesMax;
    this.#writers = Array.from({ length: 1 + random.integer(4) }, () => this.#createWriter());
    disks.planThrough = (nowNs) => this.#planThrough(nowNs);
  }

  get kinds(): readonly string[] {
    return this.#writers.map(({ kind }) => kind);
  }

  /** Nobody writes any more; what was issued goes on to its end. */
  stop(): void {
    this.#stopped = true;
  }

  #createWriter(): Writer {
    const random = this.#random;
    const kind = WRITER_KINDS[random.integer(WRITER_KINDS.length)] ?? 'random';
    return {
      kind,
      waits: kind === 'ledger' || random.integer(2) === 0,
      gapNsMax: GAPS_NS[random.integer(GAPS_NS.length)] ?? 1e6,
      hotSector: random.integer(1 << 20),
      nextNs: random.integer(50e6),
      burstEndsNs: random.integer(BURST_NS_MAX),
      position: random.integer(1 << 20),
    };
  }

  #planThrough(nowNs: number): void {
    if (this.#stopped) return;
    for (;;) {
      const writer = this.#nextWriter();
      if (writer === undefined || writer.nextNs > nowNs || this.#changesLeft === 0) return;
      this.#changesLeft -= 1;
      const ackNs = this.#disks.issue(this.#change(writer));
      this.#scheduleNext(writer, ackNs);
    }
  }

  #nextWriter(): Writer | undefined {
    let first = this.#writers[0];
    for (const writer of this.#writers)
      if (first === undefined || writer.nextNs < first.nextNs) first = writer;
    return first;
  }

  #scheduleNext(writer: Writer, ackNs: number): void {
    const random = this.#random;
    const fromNs = writer.waits ? ackNs : writer.nextNs;
    writer.nextNs = fromNs + 1 + random.integer(writer.gapNsMax);
    if (writer.nextNs < writer.burstEndsNs) return;
    writer.nextNs += random.integer(QUIET_NS_MAX);
    writer.burstEndsNs = writer.nextNs + random.integer(BURST_NS_MAX);
  }

  #change(writer: Writer): Change {
    const random = this.#random;
    const { diskIndex, sector } = this.#place(writer);
    const room = (this.#disks.sectorCounts[diskIndex] ?? 1) - sector;
    const blocks = writer.kind === 'ledger' || writer.kind === 'hot' ? 1 : 1 + random.integer(4);
    const sectors = random.integer(4) === 0 ? 1 + random.integer(12) : blocks * SECTORS_PER_BLOCK;
    const kind =
      writer.kind === 'discards' ? 'discard' : writer.kind === 'zeroes' ? 'zeroes' : ('write' as const);
    return { kind, diskIndex, sector, sectorCount: Math.min(room, sectors), issueNs: writer.nextNs };
  }

  #place(writer: Writer): { readonly diskIndex: number; readonly sector: number } {
    const random = this.#random;
    const total = this.#disks.sectorCounts.reduce((sum, count) => sum + count, 0);
    writer.position += writer.kind === 'ledger' ? 1 + random.integer(40) : SECTORS_PER_BLOCK;
    const at = (): number => {
      if (writer.kind === 'hot') return writer.hotSector;
      if (writer.kind === 'ledger' || writer.kind === 'sequential') return writer.position;
      return random.integer(total);
    };
    let sector = at() % total;
    const aligned = writer.kind !== 'ledger' && random.integer(3) > 0;
    for (const [diskIndex, count] of this.#disks.sectorCounts.entries()) {
      if (sector < count)
        return { diskIndex, sector: aligned ? sector - (sector % SECTORS_PER_BLOCK) : sector };
      sector -= count;
    }
    return { diskIndex: 0, sector: 0 };
  }
}
