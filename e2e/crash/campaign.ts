/** Round after round on one site; what each found; what is kept of those that failed. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, ensureFolder, seededRandom, systemClock } from '../../packages/runtime/src/index.ts';
import { type CampaignFolder, createEvidenceFolder } from './campaign-folder.ts';
import { CrashSite } from './crash-site.ts';
import { runTool, runToolChecked } from './patient-tool.ts';
import { createPostgresTemplate } from './postgres-template.ts';
import { Round, type RoundOutcome } from './round.ts';
import { planRound, type RoundPlan } from './round-plan.ts';

/** A round that takes longer does not come to its end; this is no measure of speed. */
const ROUND_MS_MAX = 30 * 60_000;

export interface RoundReport {
  readonly seed: number;
  readonly fileSystem: string;
  readonly workload: string;
  /** VIOLATED: a check failed. BROKEN: the round itself did not come to its end. */
  readonly result: 'HELD' | 'VIOLATED' | 'BROKEN';
  readonly pointsDropped: number;
  readonly pointsThere: number;
  readonly pointsProved: number;
  readonly kills: readonly string[];
  readonly checks: number;
  readonly violations: readonly string[];
  readonly evidence: string | null;
  readonly stageMs: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

export interface CampaignOptions {
  readonly place: CampaignFolder;
  readonly cacheFolder: string;
  readonly rounds: number;
  readonly fromSeed: number;
  readonly onRound: (report: RoundReport) => void;
}

export async function runCampaign(options: CampaignOptions): Promise<readonly RoundReport[]> {
  const { place, rounds, fromSeed, onRound } = options;
  const postgresTemplate = await createPostgresTemplate(place);
  const site = await CrashSite.start(join(place.folder, 'site'));
  const reports: RoundReport[] = [];
  for (let seed = fromSeed; seed < fromSeed + rounds; seed += 1) {
    const report = await runRound({ ...options, site, postgresTemplate }, planRound(seed));
    reports.push(report);
    onRound(report);
  }
  await site.close();
  return reports;
}

interface RoundPlace extends CampaignOptions {
  readonly site: CrashSite;
  readonly postgresTemplate: string;
}

async function runRound(options: RoundPlace, plan: RoundPlan): Promise<RoundReport> {
  const startNs = systemClock.monotonicNs();
  const { site, place } = options;
  const folder = join(place.folder, `round-${plan.seed}`);
  await ensureFolder(folder);
  if (!site.replicationServer.isRunning) site.replicationServer.start();
  const round = new Round({ ...options, plan, folder, publicFolder: place.publicFolder });
  const outcome = await attempt(() => withinLimit(round.run()));
  const held = !(outcome instanceof Error) && outcome.proof.violations.length === 0;
  // Before its staging is given back.
  if (!held) await runTool(['cp', '-a', '--sparse=always', site.stagingFolder, join(folder, 'staging')]);
  const closed = await attempt(() => round.close());
  const { result, violations } = judge(outcome, closed);
  const evidence = result === 'HELD' ? null : await keepEvidence(options, plan.seed, folder);
  if (evidence === null) await runToolChecked(['rm', '-rf', folder]);
  const done: Partial<RoundOutcome> = outcome instanceof Error ? {} : outcome;
  return {
    seed: plan.seed,
    fileSystem: plan.subject.fileSystem,
    workload: plan.subject.workload,
    result,
    pointsDropped: done.pointsDropped ?? 0,
    pointsThere: done.pointsThere ?? 0,
    pointsProved: done.pointsProved ?? 0,
    kills: plan.kills.map(({ victim }) => victim),
    checks: done.proof?.checks ?? 0,
    violations,
    evidence,
    stageMs: round.stages,
    durationMs: Number((systemClock.monotonicNs() - startNs) / 1_000_000n),
  };
}

async function attempt<Result>(action: () => Promise<Result>): Promise<Result | Error> {
  try {
    return await action();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function withinLimit<Result>(running: Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  const limit = systemClock.sleep(ROUND_MS_MAX, ended.signal).then(() => {
    throw new Error(`the round did not end within ${ROUND_MS_MAX / 60_000} minutes`);
  });
  try {
    return await Promise.race([running, limit]);
  } finally {
    limit.catch((reason: unknown) => reason);
    ended.abort();
  }
}

function judge(outcome: RoundOutcome | Error, closed: unknown): Pick<RoundReport, 'result' | 'violations'> {
  if (outcome instanceof Error) return { result: 'BROKEN', violations: [describeError(outcome)] };
  const { violations } = outcome.proof;
  if (violations.length > 0) return { result: 'VIOLATED', violations };
  if (closed instanceof Error) return { result: 'BROKEN', violations: [describeError(closed)] };
  return { result: 'HELD', violations: [] };
}

async function keepEvidence(options: RoundPlace, seed: number, folder: string): Promise<string> {
  const { cacheFolder, place } = options;
  const evidence = await createEvidenceFolder(cacheFolder, seed);
  await rename(folder, join(evidence, 'round'));
  const site = join(place.folder, 'site');
  for (const name of ['replication-server.log', 'control-plane.log']) {
    await runToolChecked(['cp', join(site, name), evidence]);
  }
  return evidence;
}

/** Somewhere among the seeds when none is named. */
export function chooseSeed(nowMs: number): number {
  return seededRandom(nowMs).integer(1_000_000_000);
}
