/** `landfall-agent forecast` for people. */
import type { Churn } from '@landfall/capture';
import { formatRate, STAGE_NAMES } from '@landfall/replication';
import { formatBytes, formatDurationMs } from '@landfall/runtime';
import type { ForecastResult } from './run-forecast.ts';

const NAME_COLUMNS = 20;

export function describeForecast(result: ForecastResult): string {
  const { forecast, churn, disks, encoding, wireShare } = result;
  const shrink = `${encoding === 'ZSTD' ? 'compressed' : 'as they are'}, ${(wireShare * 100).toFixed(0)} % travel`;
  const lines: [string, string][] = [
    ...disks.map(({ deviceName, sizeBytes }): [string, string] => [deviceName, formatBytes(sizeBytes)]),
    ['to go', formatBytes(forecast.bytesToGo)],
    ...churnLines(churn),
    ...forecast.capacities.map(({ stage, bytesPerSecond }): [string, string] => {
      const note = stage === 'CPU' ? ` (${shrink})` : '';
      return [STAGE_NAMES[stage], `${formatRate(bytesPerSecond)} of disk${note}`];
    }),
    ...linkLines(result),
    ['staging write', 'not measured: the replica is left alone'],
    ...capLines(result),
    ...(result.replicating === undefined
      ? []
      : [['replicating', result.replicating.explanation] as [string, string]]),
    ['done in, P50', timeText(forecast.etaP50Ms)],
    ['done in, P90', timeText(forecast.etaP90Ms)],
    ['forecast', forecast.explanation],
  ];
  return lines.map(([name, text]) => `${name.padEnd(NAME_COLUMNS)}${text}\n`).join('');
}

export function describeProgress(elapsedMs: number, durationMs: number, churn: Churn): string {
  const written = churn.windows.find(({ windowMs }) => windowMs === 0)?.bytesPerSecond ?? [];
  const rate = written.length === 0 ? '' : `, last second ${formatRate(written.at(-1) ?? 0)}`;
  return `measuring writes: ${Math.round(elapsedMs / 1000)} of ${Math.round(durationMs / 1000)} s${rate}`;
}

function churnLines({ windows }: Churn): [string, string][] {
  return windows.map(({ windowMs, bytesPerSecond }) => {
    const name = windowMs === 0 ? 'written' : `changed in ${windowText(windowMs)}`;
    const needed = windowMs === 0 ? '1 s' : windowText(windowMs);
    if (bytesPerSecond.length === 0) return [name, `not known yet: needs ${needed} of measurements`];
    const mean = bytesPerSecond.reduce((sum, rate) => sum + rate, 0) / bytesPerSecond.length;
    return [name, `${formatRate(mean)}, at most ${formatRate(Math.max(...bytesPerSecond))}`];
  });
}

function windowText(windowMs: number): string {
  if (windowMs < 1000) return `${windowMs} ms`;
  return windowMs < 60_000 ? `${windowMs / 1000} s` : `${windowMs / 60_000} min`;
}

function linkLines({ link, linkConnections, streams }: ForecastResult): [string, string][] {
  switch (link.kind) {
    case 'MEASURED': {
      const mean = link.bytesPerSecond.reduce((sum, rate) => sum + rate, 0) / link.bytesPerSecond.length;
      return [
        ['  on the wire', `${formatRate(mean)} to ${link.to}`],
        ...(linkConnections === undefined || streams <= linkConnections ? [] : [connectionsLine(streams)]),
      ];
    }
    case 'REACHABLE':
      return [
        [
          'link',
          `${link.to} answers in ${link.roundTripMs.toFixed(1)} ms; its speed is not measured that way`,
        ],
      ];
    case 'FAILED':
      return [['link', `not measured: ${link.to}: ${link.why}`]];
    case 'UNKNOWN':
      return [['link', `not measured: ${link.why}`]];
  }
}

function connectionsLine(streams: number): [string, string] {
  const note = `replication may use ${streams}, which is faster where packets are lost`;
  return ['  measured with', `one connection; ${note}`];
}

function capLines({ nextCapChange }: ForecastResult): [string, string][] {
  if (nextCapChange === undefined) return [];
  const cap = nextCapChange.mbps === 0 ? 'no cap' : `${nextCapChange.mbps} Mbit/s`;
  return [['next cap', `${cap} from ${nextCapChange.atDateTime}; the forecast goes by the cap of now`]];
}

function timeText(ms: number | null): string {
  return ms === null ? '–' : formatDurationMs(ms);
}
