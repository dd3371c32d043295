/**
 * What the programs of one simulation have in common: virtual time, chance, the disks, the log, and what has
 * been found wrong. Chance has several streams, so that the workload does not depend on what the programs do.
 */
import { AssertionFailure, type Logger, OperationError, type Random, seededRandom } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { EventLog } from './event-log.ts';
import { PointChecker, Violation } from './point-checker.ts';
import type { WallClock } from './program-life.ts';
import { SourceDisks } from './source-disks.ts';
import { Workload } from './workload.ts';
import {
  drawRetention,
  drawWorldSizes,
  type Mutant,
  type WorldRetention,
  type WorldSizes,
} from './world-options.ts';

/** However often programs die and connections end, nobody may ever see one of these. */
const NEVER = new Set([
  'DISKS_MISMATCH',
  'EPOCH_OUT_OF_ORDER',
  'EPOCH_REFUSED',
  'EXTENT_COUNT_MISMATCH',
  'EXTENT_DAMAGED',
  'EXTENT_OUT_OF_BOUNDS',
  'FRAME_MALFORMED',
  'FRAME_OVERSIZED',
  'FRAME_UNKNOWN',
  'INTERNAL_ERROR',
  'JOURNAL_DAMAGED',
  'PROTOCOL_VIOLATION',
]);

export class World {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly sizes: WorldSizes;
  readonly mutant: Mutant;
  /** Absent: nothing is dropped and nothing compacted. */
  readonly retention: WorldRetention | undefined;
  /** When maintenance does something. */
  readonly maintenanceRandom: Random;
  readonly baseNs: bigint;
  readonly disks: SourceDisks;
  readonly workload: Workload;
  readonly checker: PointChecker;
  readonly log: EventLog;
  readonly agentWall: WallClock = { offsetMs: 0 };
  readonly serverWall: WallClock = { offsetMs: 0 };
  readonly counts = new Map<string, number>();
  #violation: Error | undefined;

  constructor(seed: number, mutant: Mutant = {}) {
    this.random = seededRandom(seed);
    this.mutant = mutant;
    this.log = new EventLog(() => this.clock.elapsedMs);
    this.sizes = drawWorldSizes(this.random);
    this.maintenanceRandom = seededRandom(seed ^ 0x7e11);
    this.retention = drawRetention(this.maintenanceRandom);
    this.baseNs = this.clock.monotonicNs();
    this.disks = new SourceDisks(seededRandom(seed ^ 0x5eed), this.sizes.sectorCounts, !this.sizes.isLarge);
    this.workload = new Workload({
      disks: this.disks,
      random: seededRandom(seed ^ 0x3017),
      changesMax: this.sizes.changesMax,
    });
    this.checker = new PointChecker(this.disks, this.baseNs, this.retention?.tiers);
  }

  get nowNs(): number {
    return Number(this.clock.monotonicNs() - this.baseNs);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** The first is the one to look at. */
  fail(error: unknown): void {
    if (this.#violation !== undefined) return;
    this.#violation = error instanceof Error ? error : new Error(String(error));
    this.log.note(`violation: ${this.#violation.message}`);
  }

  get violation(): Error | undefined {
    return this.#violation;
  }

  /** What programs say goes into the log; a broken assertion is a violation wherever it shows. */
  logger(program: string): Logger {
    const note = (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
      const { error, resumption, reason } = fields;
      if (error instanceof AssertionFailure) this.fail(error);
      if (resumption === 'COMPARE') this.count('comparison');
      const code = error instanceof OperationError ? error.code : error instanceof Error ? error.message : '';
      if (NEVER.has(code)) this.fail(new Violation(`${program}: ${event} ${String(error)}`));
      this.log.note(`${program}: ${event} ${code}${reason ?? ''}${resumption ?? ''}`);
    };
    const logger: Logger = { debug: note, info: note, warn: note, error: note, with: () => logger };
    return logger;
  }
}
