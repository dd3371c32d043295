/**
 * What the journal promised, and whether it keeps it.
 *
 * P1 an epoch that was acknowledged is there after whatever happened (J2), and epochs follow one another in
 *    the order of their cuts.
 * P2 every recovery point, read through a view of the real journal, is what a power failure at its cut may
 *    leave on all disks at one instant (C1–C3, C5, C7).
 * P3 what a recovery point holds never changes (J3, J4).
 * P4 a point that the finest tier keeps is there, and without tiers every one; one that is not there is
 *    refused, and is there never again.
 */
import { crc32 } from 'node:zlib';
import type { JournalGroup } from '@landfall/journal';
import type { EpochCommit, RetentionTier } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import { SECTOR_BYTES, sectorValue } from './sector-content.ts';
import type { SourceDisks } from './source-disks.ts';

/** COMMITS_IN_FLIGHT_MAX of the receiver. */
export const UNACKNOWLEDGED_MAX = 8;
/** Times of cuts are whole milliseconds on the timeline. */
const ROUNDING_MS = 2;
const NS_PER_MS = 1e6;

export class Violation extends Error {
  override readonly name = 'Violation';
}

export class PointChecker {
  checked = 0;
  readonly #disks: SourceDisks;
  readonly #baseNs: bigint;
  /** The cut each epoch was last offered with. */
  readonly #cutsNs = new Map<number, number>();
  readonly #contents = new Map<number, number>();
  readonly #dropped = new Set<number>();
  readonly #finestMs: number;
  #acknowledged = 0;
  #offered = 0;
  #replaced = false;

  constructor(disks: SourceDisks, baseNs: bigint, tiers?: readonly RetentionTier[]) {
    this.#finestMs = tiers === undefined ? Number.POSITIVE_INFINITY : (tiers[0]?.forMs ?? 0);
    this.#disks = disks;
    this.#baseNs = baseNs;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Undefined when no such epoch is known any more. */
  cutNs(epoch: number): number | undefined {
    return this.#cutsNs.get(epoch);
  }

  onOffered(commit: EpochCommit): void {
    const { epoch } = commit;
    const cutNs = Number(commit.cutMonotonicNs - this.#baseNs);
    const before = this.#cutsNs.get(epoch - 1);
    if (epoch <= this.#acknowledged) throw new Violation(`P1: epoch ${epoch} is there, and was sent again`);
    if (before !== undefined && cutNs <= before)
      throw new Violation(`P1: the cut of epoch ${epoch} is not later`);
    this.#cutsNs.set(epoch, cutNs);
    this.#offered = epoch;
    const waiting = this.#offered - this.#acknowledged;
    if (waiting > UNACKNOWLEDGED_MAX) throw new Violation(`${waiting} epochs wait to become durable`);
  }

  onDurable({ epoch }: EpochCommit): void {
    if (epoch !== this.#acknowledged + 1)
      throw new Violation(`P1: epoch ${epoch} is acknowledged out of order`);
    this.#acknowledged = epoch;
  }

  /** The staging disk is another one, or an older copy of it: what it promised since is void. */
  onReplaced(): void {
    this.#replaced = true;
  }

  onOpened(lastEpoch: number): void {
    if (!this.#replaced && lastEpoch < this.#acknowledged) {
      throw new Violation(`P1: epoch ${this.#acknowledged} was acknowledged, only ${lastEpoch} is there`);
    }
    for (const epoch of this.#cutsNs.keys()) if (epoch > lastEpoch) this.#cutsNs.delete(epoch);
    for (const epoch of this.#contents.keys()) if (epoch > lastEpoch) this.#contents.delete(epoch);
    for (const epoch of this.#dropped) if (epoch > lastEpoch || this.#replaced) this.#dropped.delete(epoch);
    if (this.#cutsNs.size !== lastEpoch) throw new Violation('P1: there is an epoch that nobody offered');
    this.#acknowledged = lastEpoch;
    this.#offered = lastEpoch;
    this.#replaced = false;
  }

  /** Reads one recovery point as a whole, or sees that it may be gone and is refused. */
  async check(group: JournalGroup, epoch: number): Promise<void> {
    const cutNs = this.#cutsNs.get(epoch);
    if (cutNs === undefined) throw new Violation(`P1: epoch ${epoch} is there, but nobody offered it`);
    if (group.recoveryPoint(epoch) === undefined) return this.#checkGone(group, epoch);
    if (this.#dropped.has(epoch)) throw new Violation(`P4: epoch ${epoch} was dropped, and is there again`);
    const view = await group.openView(epoch);
    let checksum = 0;
    for (const [diskIndex, disk] of view.disks.entries()) {
      const content = Buffer.allocUnsafe(disk.sizeBytes);
      await disk.read(0, content);
      this.#checkLegal(content, { epoch, diskIndex, cutNs });
      checksum = crc32(content, checksum);
    }
    await view.close();
    const known = this.#contents.get(epoch);
    if (known !== undefined && known !== checksum) throw new Violation(`P3: epoch ${epoch} has changed`);
    this.#contents.set(epoch, checksum);
    this.checked += 1;
  }

  /** None is gone that the finest tier keeps. */
  checkKept(group: JournalGroup): void {
    for (const epoch of this.#cutsNs.keys())
      if (epoch <= group.lastEpoch && group.recoveryPoint(epoch) === undefined)
        this.#checkMayGo(group, epoch);
  }

  /** By its place on the timeline a point is at most as old as by the clock its cut was taken with. */
  #checkMayGo({ lastEpoch }: JournalGroup, epoch: number): void {
    const ageNs = (this.#cutsNs.get(lastEpoch) ?? 0) - (this.#cutsNs.get(epoch) ?? 0);
    if (ageNs / NS_PER_MS + ROUNDING_MS < this.#finestMs)
      throw new Violation(`P4: epoch ${epoch} is gone, and the finest tier keeps it`);
  }

  async #checkGone(group: JournalGroup, epoch: number): Promise<void> {
    this.#checkMayGo(group, epoch);
    this.#dropped.add(epoch);
    const refused = await group.openView(epoch).then(
      () => false,
      (error: unknown) => error instanceof OperationError && error.code === 'RECOVERY_POINT_MISSING',
    );
    if (!refused) throw new Violation(`P4: epoch ${epoch} is gone, and can be read`);
  }

  #checkLegal(content: Buffer, at: { epoch: number; diskIndex: number; cutNs: number }): void {
    const { epoch, diskIndex, cutNs } = at;
    for (let sector = 0; sector * SECTOR_BYTES < content.length; sector += 1) {
      const value = sectorValue(content, sector * SECTOR_BYTES);
      if (this.#disks.isLegal(diskIndex, sector, value, cutNs)) continue;
      const where = `P2: epoch ${epoch}, cut at ${(cutNs / 1e6).toFixed(3)} ms: disk ${diskIndex}, sector ${sector}`;
      throw new Violation(`${where} holds ${value}; written were ${this.#disks.describe(diskIndex, sector)}`);
    }
  }

  /** In the end the newest point is the disks themselves. */
  async checkFinal(group: JournalGroup): Promise<void> {
    const view = await group.openView(group.lastEpoch);
    for (const [diskIndex, disk] of view.disks.entries()) {
      const content = Buffer.allocUnsafe(disk.sizeBytes);
      await disk.read(0, content);
      for (let sector = 0; sector * SECTOR_BYTES < content.length; sector += 1) {
        const value = sectorValue(content, sector * SECTOR_BYTES);
        const expected = this.#disks.finalValue(diskIndex, sector);
        if (value === expected) continue;
        throw new Violation(
          `at the end disk ${diskIndex}, sector ${sector} holds ${value} instead of ${expected}; written were ${this.#disks.describe(diskIndex, sector)}`,
        );
      }
    }
    await view.close();
  }
}
