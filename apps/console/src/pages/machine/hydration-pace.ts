/**
 * How fast a machine's own disks fill in, and when they will be whole, from what this page has seen of it:
 * the service tells bytes, not speeds. Pure.
 */
import type { Landfall } from '@landfall/api/types';

export interface PaceSample {
  readonly atMs: number;
  readonly doneBytes: number;
}

export interface Pace {
  readonly bytesPerSecond: number;
  /** `undefined`: it stands still. */
  readonly remainingMs: number | undefined;
}

/** Older speeds say little about the next minutes. */
const WINDOW_MS = 120_000;
/** Less than that is no speed but a coincidence. */
const SPAN_MS_MIN = 4000;

export function withSample(samples: readonly PaceSample[], sample: PaceSample): readonly PaceSample[] {
  const last = samples.at(-1);
  // It began anew, as after a change of host.
  if (last !== undefined && sample.doneBytes < last.doneBytes) return [sample];
  if (last !== undefined && sample.atMs <= last.atMs) return samples;
  const isOld = ({ atMs }: PaceSample) => sample.atMs - atMs > WINDOW_MS;
  return [...samples.filter((one) => !isOld(one)), sample];
}

export function paceOf(samples: readonly PaceSample[], totalBytes: number): Pace | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < SPAN_MS_MIN) return undefined;
  const bytesPerSecond = ((last.doneBytes - first.doneBytes) / (last.atMs - first.atMs)) * 1000;
  const remainingBytes = Math.max(0, totalBytes - last.doneBytes);
  const remainingMs = bytesPerSecond > 0 ? (remainingBytes / bytesPerSecond) * 1000 : undefined;
  return { bytesPerSecond, remainingMs };
}

/** `undefined`: nothing to fill in is known. */
export function hydratedShare({ state, doneBytes, totalBytes }: Landfall.Hydration): number | undefined {
  if (state === 'COMPLETE') return 1;
  return totalBytes === 0 ? undefined : Math.min(1, doneBytes / totalBytes);
}
