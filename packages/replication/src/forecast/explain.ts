/** A forecast in one line: what is expected, what limits it, and what to do about it. */
import type { Bottleneck, Forecast, StageCapacity } from '@landfall/model';
import { formatDurationMs } from '@landfall/runtime';

export const STAGE_NAMES: Readonly<Record<Bottleneck, string>> = {
  SOURCE_READ: 'source read',
  CPU: 'CPU',
  LINK: 'link',
  STAGING_WRITE: 'staging write',
  BANDWIDTH_CAP: 'bandwidth cap',
};

const REMEDIES: Readonly<Record<Bottleneck, string>> = {
  SOURCE_READ: 'relax the impact budget, or write less on the source',
  CPU: 'give the source server more CPU, or write less on it',
  LINK: 'get a faster link to the replication server, or write less on the source',
  STAGING_WRITE: 'give the replication server a faster staging disk, or write less on the source',
  BANDWIDTH_CAP: 'raise the bandwidth cap, or write less on the source',
};

export function formatRate(bytesPerSecond: number): string {
  const units = ['B/s', 'kB/s', 'MB/s', 'GB/s'];
  let value = bytesPerSecond;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function explainUnknown(neededSeconds: number | null, unmeasured: readonly Bottleneck[]): string {
  if (neededSeconds !== null) return `not known yet: needs ${neededSeconds} more seconds of measurements`;
  if (unmeasured.length === 0) return 'not known: nothing was measured';
  return `not known: not measured: ${unmeasured.map((stage) => STAGE_NAMES[stage]).join(', ')}`;
}

export function explain(
  made: Pick<Forecast, 'verdict' | 'etaP50Ms' | 'etaP90Ms' | 'churnBytesPerSecond'> & {
    readonly slowest: StageCapacity;
    readonly endless: number;
    readonly isLinkLeast: boolean;
  },
): string {
  const { stage, bytesPerSecond } = made.slowest;
  const churn = made.churnBytesPerSecond ?? 0;
  const sign = churn > bytesPerSecond ? '>' : churn === bytesPerSecond ? '=' : '<';
  const rates = `churn ${formatRate(churn)} ${sign} ${STAGE_NAMES[stage]} ${formatRate(bytesPerSecond)}`;
  if (made.verdict === 'DOES_NOT_CONVERGE') {
    const isSure = stage !== 'LINK' || !made.isLinkLeast;
    const outcome = isSure ? 'will not converge' : 'may not converge (more connections may be faster)';
    return `${rates}: ${outcome}; ${REMEDIES[stage]}`;
  }
  if (made.verdict === 'MAY_NOT_CONVERGE') {
    const share = Math.round(made.endless * 100);
    return `${rates}: may not converge (${share} % of what the measurements allow does not); ${REMEDIES[stage]}`;
  }
  return `${rates}: done in ${span(made)}; limited by ${STAGE_NAMES[stage]}`;
}

function span({ etaP50Ms, etaP90Ms }: Pick<Forecast, 'etaP50Ms' | 'etaP90Ms'>): string {
  const p50 = formatDurationMs(etaP50Ms ?? 0);
  return etaP90Ms === null ? `${p50} (P50)` : `${p50} (P50) to ${formatDurationMs(etaP90Ms)} (P90)`;
}
