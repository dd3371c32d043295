/** What the replication server says in its log, from one moment on. */
import { readFile } from 'node:fs/promises';

export interface Suspicion {
  readonly detectedAtMs: number;
  readonly beganAtMs: number;
  readonly pinnedAtMs: number | undefined;
  readonly pinnedEpoch: number | undefined;
  readonly convertedMib: number;
}

export interface LogLine {
  readonly event: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

export async function linesSince(path: string, fromMs: number): Promise<readonly LogLine[]> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line): LogLine => JSON.parse(line)).filter(({ time }) => Date.parse(time) >= fromMs);
}

export async function suspicionsSince(path: string, fromMs: number): Promise<readonly Suspicion[]> {
  const lines = await linesSince(path, fromMs);
  return lines
    .filter(({ event }) => event === 'ransomware-suspected')
    .map(({ detectedAt, beganAt, pinnedAt, pinnedEpoch, convertedMib }) => ({
      detectedAtMs: Date.parse(String(detectedAt)),
      beganAtMs: Date.parse(String(beganAt)),
      pinnedAtMs: pinnedAt === undefined ? undefined : Date.parse(String(pinnedAt)),
      pinnedEpoch: pinnedEpoch === undefined ? undefined : Number(pinnedEpoch),
      convertedMib: Number(convertedMib),
    }));
}

/** Sums of what the looks of that time found. */
export function looksOf(lines: readonly LogLine[]) {
  const looks = lines.filter(({ event }) => event === 'tripwire-slice');
  const mib = (name: string) =>
    Math.round(looks.reduce((sum, look) => sum + Number(look[name]), 0) / 2 ** 20);
  const comparisons = lines.filter(({ event }) => event === 'tripwire-comparison').length;
  return {
    looks: looks.length,
    writtenMib: mib('writtenBytes'),
    convertedMib: mib('convertedBytes'),
    newUniformMib: mib('newUniformBytes'),
    comparisons,
  };
}
