/**
 * One round: a new source server under load is replicated while its agent and the replication server are
 * killed; its journal is thinned and compacted meanwhile, and to the end; then points of every tier that is
 * left are proved.
 *
 * R1 every picked point is a state that a power failure at its cut could have left (C1–C3);
 * R2 a point read twice, under load and afterwards, is the same;
 * R3 a point that was listed stays listed, as it was (C6), until its tier lets it go; a pinned one stays;
 * R4 a point taken when nothing writes any more equals the source, byte by byte; discarded blocks follow, and
 *    free space that is left out is left out here, too.
 */
import { join } from 'node:path';
import type { RecoveryPoint } from '../../packages/model/src/index.ts';
import { systemClock } from '../../packages/runtime/src/index.ts';
import { pickOfEachTier, whyShouldStay } from './campaign-retention.ts';
import type { CrashSite } from './crash-site.ts';
import { type FileSystem, makeFileSystem, mountFileSystem, unmountFileSystem } from './file-systems.ts';
import type { OwnProcess } from './own-process.ts';
import { copyPoint, firstDifference, type PointCopy } from './point-copy.ts';
import { provePoint } from './point-proof.ts';
import { PostgresWorkload } from './postgres-workload.ts';
import { addProofs, check, NOTHING_CHECKED, type Proof } from './proof.ts';
import { type Kill, pickOldAndNew, type RoundPlan } from './round-plan.ts';
import { SourceServer } from './source-server.ts';
import { SqliteWorkload } from './sqlite-workload.ts';
import { StampedWorkload } from './stamped-workload.ts';
import type { Workload } from './workload.ts';

/** Beside the one copied under load. */
const POINTS_PICKED = 3;
const POINTS_LISTED_MAX = 10_000;
const RELIEF_AFTER_MS = 6000;
/** At rest, until discarded blocks are the source's too. */
const FINAL_POINTS_MAX = 40;
/** Small, so that a round is quick; XFS refuses less than 300. */
const FILE_SYSTEM_MIB: Readonly<Record<FileSystem, number>> = { ext4: 192, xfs: 320, btrfs: 256 };
const RAW_DISKS_MIB = [24, 24] as const;

export interface RoundOptions {
  readonly site: CrashSite;
  readonly plan: RoundPlan;
  readonly folder: string;
  /** Where file systems may be mounted so that every user reaches them. */
  readonly publicFolder: string;
  readonly postgresTemplate: string;
}

export interface RoundOutcome {
  /** By retention, in the whole round. */
  readonly pointsDropped: number;
  readonly pointsThere: number;
  readonly pointsProved: number;
  readonly proof: Proof;
}

interface RoundFacts {
  readonly final: Proof;
  readonly early: PointCopy;
  readonly copies: readonly PointCopy[];
}

export class Round {
  readonly #options: RoundOptions;
  readonly #source: SourceServer;
  readonly #mountPoint: string;
  #workload: Workload | undefined;
  #mounted = false;
  #listed: readonly RecoveryPoint[] = [];
  readonly #stages: Record<string, number> = {};

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#source = new SourceServer(options.folder);
    this.#mountPoint = join(options.publicFolder, 'source');
  }

  async run(): Promise<RoundOutcome> {
    const workload = await this.#timed('prepare', () => this.#prepare());
    await this.#timed('firstSync', () => this.#firstSync(workload));
    const early = await this.#timed('load', () => this.#underLoad(workload));
    await this.#timed('rest', () => this.#rest(workload));
    const final = await this.#timed('final', () => this.#proveFinalPoint());
    const copies = await this.#timed('copy', () => this.#copyPicked(early));
    return this.#timed('prove', () => this.#proveAll(workload, { final, early, copies }));
  }

  /** How long each stage took, of those that came to their end. */
  get stages(): Readonly<Record<string, number>> {
    return this.#stages;
  }

  /** After `run`, however it ended. */
  async close(): Promise<void> {
    await this.#workload?.stop();
    await this.#unmountSource();
    await this.#source.agent.end('SIGTERM');
    if (this.#source.sourceServerId !== '') await this.#options.site.retire(this.#source.sourceServerId);
    await this.#source.detach();
  }

  async #timed<Result>(stage: string, action: () => Promise<Result>): Promise<Result> {
    const startNs = systemClock.monotonicNs();
    const result = await action();
    this.#stages[stage] = Number((systemClock.monotonicNs() - startNs) / 1_000_000n);
    return result;
  }

  async #prepare(): Promise<Workload> {
    const { fileSystem } = this.#options.plan.subject;
    const sizesMib = fileSystem === 'raw' ? RAW_DISKS_MIB : [FILE_SYSTEM_MIB[fileSystem]];
    await this.#source.attachDisks(sizesMib);
    const workload = await this.#startWorkload();
    await this.#source.install(this.#options.site, this.#options.plan.skipFreeSpace);
    return workload;
  }

  async #firstSync(workload: Workload): Promise<void> {
    this.#source.agent.start();
    await this.#carryOut(this.#options.plan.kills.filter(({ phase }) => phase === 'FIRST_SYNC'));
    const first = this.#source.waitForFirstPoint(this.#options.site, () => workload.assertRunning());
    await withRelief(workload, first);
  }

  async #rest(workload: Workload): Promise<void> {
    await workload.stop();
    await this.#unmountSource();
  }

  async #startWorkload(): Promise<Workload> {
    const { subject, discard } = this.#options.plan;
    const [device = ''] = this.#source.devices;
    if (subject.workload !== 'stamps') {
      const kind = subject.fileSystem;
      await makeFileSystem(kind, device);
      await mountFileSystem({ kind, device, mountPoint: this.#mountPoint, discard });
      this.#mounted = true;
    }
    this.#workload = this.#createWorkload();
    await this.#workload.start();
    return this.#workload;
  }

  #createWorkload(): Workload {
    const { plan, folder, postgresTemplate: template } = this.#options;
    const { subject, seed } = plan;
    const mountPoint = this.#mountPoint;
    switch (subject.workload) {
      case 'sqlite':
        return new SqliteWorkload({ mountPoint, folder, journalMode: subject.journalMode });
      case 'postgres':
        return new PostgresWorkload({ mountPoint, folder, template });
      case 'stamps':
        return new StampedWorkload({ devices: this.#source.devices, folder, seed });
    }
  }

  /** Kills, and meanwhile a copy; ends when there is a point newer than all of that. */
  async #underLoad(workload: Workload): Promise<PointCopy> {
    const { plan, site } = this.#options;
    const { sourceServerId } = this.#source;
    const kills = plan.kills.filter(({ phase }) => phase === 'LOAD');
    const load = [this.#carryOut(kills), systemClock.sleep(plan.loadMs)];
    const [copy] = await withRelief(workload, Promise.all([this.#copyEarly(), ...load]));
    workload.assertRunning();
    await withRelief(workload, site.askAgent(sourceServerId, 'takeRecoveryPoint', {}));
    workload.assertRunning();
    return copy;
  }

  async #copyEarly(): Promise<PointCopy> {
    const { plan } = this.#options;
    await systemClock.sleep(plan.copyAfterMs);
    this.#listed = await this.#listPoints();
    const [point] = pickOldAndNew(this.#listed, 1, plan.random);
    if (point === undefined) throw new Error('R3 the recovery points that were there are gone');
    const { sourceServerId } = this.#source;
    const mark = { sourceServerId, epoch: point.epoch, name: 'copied under load' };
    await this.#options.site.askReplicationServer('pinRecoveryPoint', mark);
    return this.#copy(point, 'early');
  }

  async #carryOut(kills: readonly Kill[]): Promise<void> {
    let passedMs = 0;
    for (const { victim, afterMs, downMs } of kills) {
      await systemClock.sleep(Math.max(0, afterMs - passedMs));
      const program: OwnProcess =
        victim === 'agent' ? this.#source.agent : this.#options.site.replicationServer;
      await program.end('SIGKILL');
      await systemClock.sleep(downMs);
      program.start();
      passedMs = afterMs + downMs;
    }
  }

  async #unmountSource(): Promise<void> {
    if (!this.#mounted) return;
    await unmountFileSystem(this.#mountPoint);
    this.#mounted = false;
  }

  /**
   * R4. Nobody relies on what was discarded, so no cut waits for it: the replica follows with later cuts, and
   * has to get there. Where free space is left out its old content is not on the replica, and bytes cannot
   * be compared; mounting and proving the newest points is all there is then.
   */
  async #proveFinalPoint(): Promise<Proof> {
    const { subject, skipFreeSpace } = this.#options.plan;
    if (skipFreeSpace && subject.fileSystem !== 'raw') return NOTHING_CHECKED;
    const attemptsMax = this.#options.plan.discard ? FINAL_POINTS_MAX : 1;
    for (let attempt = 1; ; attempt += 1) {
      const proof = await this.#compareFinalPoint(`final-${attempt}`);
      if (proof.violations.length === 0 || attempt === attemptsMax) return proof;
    }
  }

  async #compareFinalPoint(name: string): Promise<Proof> {
    const { sourceServerId, disks } = this.#source;
    const point = await this.#options.site.askAgent(sourceServerId, 'takeRecoveryPoint', {});
    const { images } = await this.#copy(point, name);
    const differences = await Promise.all(
      disks.map(({ file }, index) => firstDifference(file, images[index] ?? '')),
    );
    const proofs = differences.map((difference, index) => {
      return check(difference === undefined, () => `R4 disk ${index} at rest: ${difference}`);
    });
    return addProofs(...proofs);
  }

  /** The early one once more, then some of every tier. */
  async #copyPicked(early: PointCopy): Promise<readonly PointCopy[]> {
    await this.#options.site.compact(this.#source.sourceServerId);
    const points = await this.#listPoints();
    const copies: PointCopy[] = [await this.#copy(early.point, 'again')];
    for (const point of pickOfEachTier(points, POINTS_PICKED, this.#options.plan.random)) {
      copies.push(await this.#copy(point, `point-${point.epoch}-${copies.length}`));
    }
    return copies;
  }

  async #proveAll(workload: Workload, facts: RoundFacts): Promise<RoundOutcome> {
    const { final, early, copies } = facts;
    const points = await this.#listPoints();
    const isPinned = points.some(({ epoch }) => epoch === early.point.epoch);
    const pinned = check(isPinned, () => `R3 the pinned point ${early.point.epoch} is gone`);
    const proofs = [final, pinned, this.#proveListed(points)];
    for (const copy of copies) {
      if (copy.point.epoch === early.point.epoch) proofs.push(await proveSame(early, copy));
    }
    for (const copy of copies) proofs.push(await this.#provePoint(workload, copy));
    const [newest] = points;
    return {
      pointsDropped: (newest?.epoch ?? 0) - points.length,
      pointsThere: points.length,
      pointsProved: copies.length,
      proof: addProofs(...proofs),
    };
  }

  async #provePoint(workload: Workload, { point, images }: PointCopy): Promise<Proof> {
    const { fileSystem } = this.#options.plan.subject;
    const mountPoint = join(this.#options.publicFolder, 'proof');
    const proof = await provePoint(workload, { images, fileSystem, mountPoint, cut: point });
    const violations = proof.violations.map((violation) => `point ${point.epoch}: ${violation}`);
    return { checks: proof.checks, violations };
  }

  /** R3. Cuts follow each other, newest first. */
  #proveListed(points: readonly RecoveryPoint[]): Proof {
    const cutTimes = new Map(points.map(({ epoch, cutTimeMs }) => [epoch, cutTimeMs]));
    const isOther = ({ epoch, cutTimeMs }: RecoveryPoint) =>
      cutTimes.has(epoch) && cutTimes.get(epoch) !== cutTimeMs;
    const other = this.#listed.find(isOther);
    const gone = this.#listed.filter(({ epoch }) => !cutTimes.has(epoch));
    const disorder = points.findIndex((point, index) => {
      const older = points[index + 1];
      return older !== undefined && (older.epoch >= point.epoch || older.cutTimeMs > point.cutTimeMs);
    });
    return addProofs(
      check(other === undefined, () => `R3 point ${other?.epoch} is another than it was`),
      ...gone.map((point) => {
        const why = whyShouldStay(point, points);
        return check(why === undefined, () => `R3 point ${point.epoch} is gone: ${why}`);
      }),
      check(disorder < 0, () => `R3 point ${points[disorder]?.epoch} is not newer than the one before it`),
    );
  }

  async #listPoints(): Promise<readonly RecoveryPoint[]> {
    const { sourceServerId } = this.#source;
    const input = { sourceServerId, limit: POINTS_LISTED_MAX };
    return (await this.#options.site.askReplicationServer('listRecoveryPoints', input)).recoveryPoints;
  }

  #copy(point: RecoveryPoint, name: string): Promise<PointCopy> {
    const { site, folder } = this.#options;
    const { sourceServerId } = this.#source;
    return copyPoint({ site, sourceServerId, point, folder: join(folder, name) });
  }
}

/**
 * A machine too busy for load and replication together would not come to an end: after a while the load
 * stands still until what is waited for has come.
 */
async function withRelief<Result>(workload: Workload, awaited: Promise<Result>): Promise<Result> {
  const hasCome = awaited.then(() => true);
  const patience = systemClock.sleep(RELIEF_AFTER_MS).then(() => false);
  if (await Promise.race([hasCome, patience])) return awaited;
  await workload.pause();
  try {
    return await awaited;
  } finally {
    workload.resume();
  }
}

/** R2 */
async function proveSame(first: PointCopy, second: PointCopy): Promise<Proof> {
  const differences = await Promise.all(
    first.images.map((image, index) => firstDifference(image, second.images[index] ?? '')),
  );
  const found = differences.filter((difference) => difference !== undefined);
  return check(found.length === 0, () => `R2 point ${first.point.epoch} read twice: ${found.join('; ')}`);
}
