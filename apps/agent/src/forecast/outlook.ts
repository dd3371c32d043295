/** From what was measured around a server to its forecast, pure. */
import type { Churn } from '@landfall/capture';
import type { Forecast } from '@landfall/model';
import { type Measurements, makeForecast, type StageSamples } from '@landfall/replication';
import type { Random } from '@landfall/runtime';
import type { SourceSpeed } from './source-speed.ts';
import { LINK_CONNECTIONS, type LinkSpeed } from './tls-link-speed.ts';

/** What a sender takes in bulk at once, and leaves to a cut. */
const BATCH_BYTES = 8 * 1024 * 1024;
const SETTLED_BYTES = 16 * 1024 * 1024;
const CAP_SAMPLES = 10;

export interface Measured {
  readonly totalBytes: number;
  readonly bytesToGo: number;
  readonly churn: Churn;
  readonly source: SourceSpeed;
  readonly link: LinkSpeed;
  /** Connections replication may use. */
  readonly streams: number;
  /** Bytes a second on the wire; 0: no cap. */
  readonly capBytesPerSecond: number;
}

export interface Outlook {
  readonly forecast: Forecast;
  /** How the bytes would travel: whatever is faster. */
  readonly encoding: 'ZSTD' | 'RAW';
  readonly wireShare: number;
}

/** Both ways of sending are looked at, as the sender does; the one that passes more decides. */
export function outlookOf(measured: Measured, random: Random): Outlook {
  const ways = (['ZSTD', 'RAW'] as const).map((encoding) => {
    const stages = stagesOf(measured, encoding);
    const wireShare = mean(measured.source.encoding[encoding].wireShare);
    return { encoding, wireShare, stages, capacity: Math.min(...stages.map(meanOf)) };
  });
  const best = ways.reduce((left, right) => (right.capacity > left.capacity ? right : left));
  const { bytesToGo, totalBytes, churn, link } = measured;
  const measurements: Measurements = {
    ...{ bytesToGo, totalBytes, settledBytes: SETTLED_BYTES, batchBytes: BATCH_BYTES, toGoLies: 'FROM_END' },
    stages: best.stages,
    sampleSeconds: 1,
    unmeasured: link.kind === 'MEASURED' ? [] : ['LINK'],
    isLinkLeast: measured.streams > LINK_CONNECTIONS,
    churn: churn.windows,
    churnPlaces: churn.places,
  };
  const { encoding, wireShare } = best;
  return { forecast: makeForecast(measurements, random), encoding, wireShare };
}

/** In bytes of disk: what is fewer on the wire passes a link or a cap the sooner. */
function stagesOf(
  { source, link, capBytesPerSecond }: Measured,
  way: 'ZSTD' | 'RAW',
): readonly StageSamples[] {
  const { bytesPerSecond, wireShare } = source.encoding[way];
  const ofDisk = (onWire: number, index: number) =>
    onWire / Math.max(1e-6, wireShare[index % Math.max(1, wireShare.length)] ?? 1);
  const cap = Array.from({ length: CAP_SAMPLES }, () => capBytesPerSecond / Math.max(1e-6, mean(wireShare)));
  return [
    { stage: 'SOURCE_READ', bytesPerSecond: source.readBytesPerSecond },
    { stage: 'CPU', bytesPerSecond },
    ...(link.kind === 'MEASURED'
      ? [{ stage: 'LINK' as const, bytesPerSecond: link.bytesPerSecond.map(ofDisk) }]
      : []),
    ...(capBytesPerSecond === 0 ? [] : [{ stage: 'BANDWIDTH_CAP' as const, bytesPerSecond: cap }]),
  ];
}

function meanOf({ bytesPerSecond }: StageSamples): number {
  return bytesPerSecond.length === 0 ? 0 : mean(bytesPerSecond);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
