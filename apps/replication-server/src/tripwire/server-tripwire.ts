/**
 * The tripwire of one server: takes what became durable, looks at a few pieces of it, and when something
 * encrypts the server's files says so and pins the last recovery point before it began.
 *
 * The pin is put PIN_MARGIN_MS before the first epoch that is suspected, because not every byte is looked at.
 * It is one name among others: a point that somebody named already keeps its name.
 */
import type { JournalGroup } from '@landfall/journal';
import type { RecoveryPoint } from '@landfall/model';
import { describeError, type Logger, type Random } from '@landfall/runtime';
import { ChangeWatch } from './change-watch.ts';
import { CopyWatch } from './copy-watch.ts';
import { type DetectorState, type Incident, TripwireDetector } from './detector.ts';
import { ForwardTime } from './forward-time.ts';
import { type Assay, assayFreed, assaySlice, pointBefore } from './slice-assay.ts';
import type { PointInHistory } from './sliding-sum.ts';

export interface ServerTripwireOptions {
  readonly sourceServerId: string;
  readonly group: JournalGroup;
  readonly random: Random;
  readonly logger: Logger;
  readonly state?: DetectorState;
}

/** Of a slice. */
const PIECES_MAX = 32;
export const PIN_MARGIN_MS = 5000;
/**
 * The deletion of an original is on the disk within 5 s, its copy up to 40 s later, and the copy is what is
 * seen. Copies also take the place of originals that are deleted already, which looks like encryption in
 * place: where there is that much noise in free space as well, it may be copies.
 */
const COPY_MARGIN_MS = 60_000;
const COPY_SHARE_MIN = 0.1;
const MIB = 1024 * 1024;

export class ServerTripwire {
  readonly sourceServerId: string;
  readonly changes: ChangeWatch;
  readonly #group: JournalGroup;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #detector: TripwireDetector;
  #copies = new CopyWatch();
  readonly #time = new ForwardTime();
  #failed = false;
  #pinFailed = false;

  constructor({ sourceServerId, group, random, logger, state }: ServerTripwireOptions) {
    this.sourceServerId = sourceServerId;
    this.changes = new ChangeWatch(random);
    this.#group = group;
    this.#random = random;
    this.#logger = logger;
    this.#detector = new TripwireDetector(state);
  }

  get state(): DetectorState {
    return this.#detector.state;
  }

  get incidents(): readonly Incident[] {
    return this.#detector.incidents;
  }

  acknowledge(atMs: number, wasExpected: boolean): void {
    this.#copies = new CopyWatch();
    if (this.#detector.acknowledge(atMs, wasExpected))
      this.#logger.info('ransomware-acknowledged', { sourceServerId: this.sourceServerId, wasExpected });
  }

  /** What became durable since the last look. What cannot be read tells nothing. */
  async look(clockMs: number): Promise<void> {
    const atMs = this.#time.at(clockMs);
    await this.#pinLate();
    const slice = this.changes.take(PIECES_MAX);
    try {
      const assay = slice && (await assaySlice(this.#group, slice));
      await this.#judge(atMs, assay);
      await this.#compare(atMs);
      await this.#decide();
      this.#failed = false;
    } catch (error) {
      this.#logger[this.#failed ? 'debug' : 'warn']('tripwire-blind', {
        ...{
          sourceServerId: this.sourceServerId,
          firstEpoch: slice?.firstEpoch,
          lastEpoch: slice?.lastEpoch,
        },
        ...{ error, explanation: describeError(error) },
      });
      this.#failed = true;
    }
  }

  async #judge(atMs: number, assay: Assay = NOTHING): Promise<void> {
    const { first, convertedBytes: bytes, convertedPieces: pieces, convertedDisks: diskIndexes } = assay;
    if (assay !== NOTHING) {
      this.#logger.debug('tripwire-slice', { sourceServerId: this.sourceServerId, ...assay });
      this.#copies.observe(atMs, assay);
    }
    this.#detector.observe({ atMs, bytes, pieces, first, diskIndexes });
  }

  /** Whether what is new was copied from what is gone. */
  async #compare(atMs: number): Promise<void> {
    const wanted = this.#copies.wanted(atMs);
    if (wanted === undefined) return;
    const freed = await assayFreed(this.#group, wanted.since, this.#random);
    const bytes = this.#copies.confirmed(wanted, freed.structuredBytes);
    const { sourceServerId } = this;
    this.#logger.debug('tripwire-comparison', { sourceServerId, ...wanted, ...freed, confirmedBytes: bytes });
    if (bytes === 0) return;
    const { pieces, diskIndexes } = freed;
    this.#detector.observe({ atMs, bytes, pieces, diskIndexes, first: wanted.since, isCompared: true });
  }

  async #decide(): Promise<void> {
    const candidate = this.#detector.candidate();
    if (candidate === undefined) return;
    const { newUniformBytes } = this.#copies;
    const freed = candidate.isCertain
      ? { structuredBytes: 0 }
      : await assayFreed(this.#group, candidate.onset, this.#random);
    const circumstances = { freedStructuredBytes: freed.structuredBytes, newUniformBytes };
    const incident = this.#detector.decide(candidate, circumstances);
    this.#logger.debug('tripwire-decision', {
      ...{ sourceServerId: this.sourceServerId, ...candidate, ...circumstances },
      isIncident: incident !== undefined,
    });
    if (incident !== undefined) await this.#raise(incident);
  }

  async #raise(incident: Incident): Promise<void> {
    const { onset, detectedAtMs } = incident;
    this.#pinFailed = false;
    const pinned = await this.#pin(incident);
    if (pinned !== undefined) this.#detector.notePin(incident, pinned.epoch);
    this.#logger.error('ransomware-suspected', {
      code: 'RANSOMWARE_SUSPECTED',
      sourceServerId: this.sourceServerId,
      detectedAt: new Date(detectedAtMs).toISOString(),
      beganAt: new Date(onset.cutTimeMs).toISOString(),
      convertedMib: Math.round(incident.convertedBytes / MIB),
      withinSeconds: incident.windowMs / 1000,
      disks: incident.diskIndexes.map((index) => this.#group.disks[index]?.diskId),
      pinnedEpoch: pinned?.epoch,
      pinnedAt: pinned && new Date(pinned.cutTimeMs).toISOString(),
    });
  }

  /** What could not be pinned when it began. */
  async #pinLate(): Promise<void> {
    const incident = this.#detector.incidents.at(-1);
    if (incident === undefined || incident.endedAtMs !== undefined || incident.pinnedEpoch !== undefined)
      return;
    const pinned = await this.#pin(incident);
    if (pinned === undefined) return;
    this.#detector.notePin(incident, pinned.epoch);
    const { sourceServerId } = this;
    this.#logger.info('tripwire-pinned-late', { sourceServerId, pinnedEpoch: pinned.epoch });
  }

  /** What cannot be pinned is told all the same, and tried again: the alarm matters more. */
  async #pin({ onset, detectedAtMs, convertedBytes }: Incident): Promise<RecoveryPoint | undefined> {
    const point = this.#lastPointBefore(onset, convertedBytes);
    if (point === undefined) return undefined;
    if (this.#group.pins.some(({ epoch }) => epoch === point.epoch)) return point;
    const name = `before suspected ransomware, noticed ${new Date(detectedAtMs).toISOString()}`;
    try {
      await this.#group.pin(point.epoch, name);
      this.#pinFailed = false;
      return point;
    } catch (error) {
      const { sourceServerId } = this;
      const level = this.#pinFailed ? 'debug' : 'error';
      this.#logger[level]('tripwire-not-pinned', { sourceServerId, epoch: point.epoch, error });
      this.#pinFailed = true;
      return undefined;
    }
  }

  /** With the margin, where the history goes back that far. */
  #lastPointBefore(onset: PointInHistory, convertedBytes: number): RecoveryPoint | undefined {
    const { newUniformBytes, began } = this.#copies;
    const mayBeCopies = newUniformBytes >= convertedBytes * COPY_SHARE_MIN;
    const first = mayBeCopies && began !== undefined && began.epoch < onset.epoch ? began : onset;
    const marginMs = mayBeCopies ? COPY_MARGIN_MS : PIN_MARGIN_MS;
    const early = this.#group.pointAtOrBefore(first.cutTimeMs - marginMs);
    if (early !== undefined && early.epoch < first.epoch) return early;
    const { oldestPoint } = this.#group;
    if (early === undefined && oldestPoint !== undefined && oldestPoint.epoch < first.epoch)
      return oldestPoint;
    return pointBefore(this.#group, first);
  }
}

const NOTHING: Assay = {
  first: { epoch: 0, cutTimeMs: 0 },
  ...{ writtenBytes: 0, convertedBytes: 0, convertedPieces: 0, convertedDisks: [] },
  ...{ newBytes: 0, newUniformBytes: 0, pieces: 0 },
};
