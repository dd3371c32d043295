/** How fast a machine's own disks fill in, from what was seen of it lately. Pure. */
import type { Landfall } from '@landfall/api';
import { formatBytes } from '@landfall/runtime';
import type { ProgressState } from '../../terminal/progress.ts';

export interface FillSample {
  readonly atMs: number;
  readonly doneBytes: number;
}

/** Older speeds say little about the next minutes. */
const WINDOW_MS = 60_000;
/** The launch host looks every two seconds: less tells more of the looks than of the disks. */
const SPAN_MS_MIN = 4000;

/** What began anew is measured anew. */
export function withSample(samples: readonly FillSample[], sample: FillSample): readonly FillSample[] {
  if (sample.doneBytes < (samples.at(-1)?.doneBytes ?? 0)) return [sample];
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= WINDOW_MS), sample];
}

export function fillProgress(hydration: Landfall.Hydration, samples: readonly FillSample[]): ProgressState {
  const { state, doneBytes, totalBytes, bytesPerSecondMax } = hydration;
  const limit = bytesPerSecondMax === undefined ? '' : ` (limit ${rateText(bytesPerSecondMax)})`;
  const far = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  const label = state === 'RUNNING' ? 'filling in' : state;
  if (totalBytes === 0) return { label };
  const bytesPerSecond = speedOf(samples);
  const rate = bytesPerSecond === undefined ? '' : `, ${rateText(bytesPerSecond)}`;
  const shown = { label, fraction: doneBytes / totalBytes, detail: `${far}${rate}${limit}` };
  if (bytesPerSecond === undefined || bytesPerSecond === 0) return shown;
  return { ...shown, etaMs: (Math.max(0, totalBytes - doneBytes) / bytesPerSecond) * 1000 };
}

/** `undefined`: not seen for long enough. */
function speedOf(samples: readonly FillSample[]): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < SPAN_MS_MIN) return undefined;
  return ((last.doneBytes - first.doneBytes) * 1000) / (last.atMs - first.atMs);
}

export function rateText(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}
