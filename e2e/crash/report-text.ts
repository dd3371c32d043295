/** A campaign in words: a line a round, and the sum of all. */
import { formatDurationMs } from '../../packages/runtime/src/index.ts';
import type { RoundReport } from './campaign.ts';

export interface CampaignSummary {
  readonly rounds: number;
  readonly held: number;
  readonly pointsProved: number;
  /** By retention. */
  readonly pointsDropped: number;
  readonly checks: number;
  readonly kills: number;
  readonly failedSeeds: readonly number[];
  readonly durationMs: number;
}

export function summarize(reports: readonly RoundReport[], durationMs: number): CampaignSummary {
  const sum = (value: (report: RoundReport) => number) =>
    reports.reduce((total, report) => total + value(report), 0);
  const failed = reports.filter(({ result }) => result !== 'HELD');
  return {
    rounds: reports.length,
    held: reports.length - failed.length,
    pointsProved: sum(({ pointsProved }) => pointsProved),
    pointsDropped: sum(({ pointsDropped }) => pointsDropped),
    checks: sum(({ checks }) => checks),
    kills: sum(({ kills }) => kills.length),
    failedSeeds: failed.map(({ seed }) => seed),
    durationMs,
  };
}

export function formatRound(
  report: RoundReport,
  progress: { readonly done: number; readonly rounds: number; readonly etaMs: number },
): string {
  const { seed, fileSystem, workload, pointsProved, pointsThere, pointsDropped, kills, checks, result } =
    report;
  const killed = kills.length === 0 ? 'none' : kills.join('+');
  const columns = [
    `${progress.done}/${progress.rounds}`.padEnd(7),
    `seed ${seed}`.padEnd(14),
    `${fileSystem}/${workload}`.padEnd(14),
    `points ${pointsProved} of ${pointsThere}, dropped ${pointsDropped}`.padEnd(30),
    `kills ${killed}`.padEnd(36),
    `checks ${checks}`.padEnd(13),
    result.padEnd(8),
    `${(report.durationMs / 1000).toFixed(1)} s`.padEnd(8),
    `ETA ${formatDurationMs(progress.etaMs)}`,
  ];
  return [columns.join(' ').trimEnd(), ...explain(report)].join('\n');
}

const VIOLATIONS_SHOWN = 10;

function explain({ seed, violations, evidence }: RoundReport): readonly string[] {
  if (violations.length === 0) return [];
  const shown = violations.slice(0, VIOLATIONS_SHOWN).map((violation) => `  ${violation}`);
  const more = violations.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
    `  evidence: ${evidence}`,
    `  again: landfall crash-test --rounds 1 --from-seed ${seed}`,
  ];
}

export function formatSummary(summary: CampaignSummary): string {
  const { rounds, held, pointsProved, pointsDropped, checks, kills, failedSeeds, durationMs } = summary;
  const points = `${pointsProved} points proved, ${pointsDropped} dropped by retention`;
  const counts = `${held} of ${rounds} rounds held: ${points}, ${checks} checks, ${kills} kills`;
  const failed = failedSeeds.length === 0 ? '' : `; failed seeds: ${failedSeeds.join(', ')}`;
  return `${counts}, ${formatDurationMs(durationMs)}${failed}`;
}
