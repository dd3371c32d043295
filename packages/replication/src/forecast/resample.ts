/**
 * Futures from a measured past, by a moving-block bootstrap in two levels: first a history that might have
 * been measured instead (how uncertain are the rates themselves?), then a future drawn from it (how much
 * will they vary?). Blocks of neighbouring samples keep what follows from one second to the next; their
 * length grows with the history. Source: Künsch 1989, "The jackknife and the bootstrap for general
 * stationary observations".
 */
import { assert, type Random } from '@landfall/runtime';

/** A history is cut into about this many blocks. */
const BLOCKS_A_HISTORY = 6;
/**
 * Resampled means of so few blocks scatter too little: by √(k/(k−1)), and Student's t takes the place of
 * the normal distribution: together 1.26 at the ninetieth percentile of 5 degrees of freedom. The rest is
 * for what follows from one block to the next; the calibration test holds it to nine in ten.
 */
const SCATTER = 1.4;

export interface Futures {
  /** Of the history drawn. */
  readonly mean: number;
  /** The rate of the next second. */
  next(): number;
}

export function drawFuture(samples: readonly number[], random: Random): Futures {
  assert(samples.length > 0, 'a future is drawn from something measured');
  const block = Math.max(1, Math.round(samples.length / BLOCKS_A_HISTORY));
  const drawn = takeFrom(samples, block, random);
  const history = Array.from({ length: Math.ceil(samples.length / block) * block }, drawn);
  const measured = meanOf(samples);
  const mean = Math.max(0, measured + SCATTER * (meanOf(history) - measured));
  const shift = mean - meanOf(history);
  const next = takeFrom(history, block, random);
  return { mean, next: () => Math.max(0, next() + shift) };
}

export function meanOf(samples: readonly number[]): number {
  return samples.reduce((sum, sample) => sum + sample, 0) / Math.max(1, samples.length);
}

/** One value after another, in blocks that begin anywhere. */
function takeFrom(samples: readonly number[], block: number, random: Random): () => number {
  let at = 0;
  let left = 0;
  return () => {
    if (left === 0) {
      at = random.integer(samples.length - block + 1);
      left = block;
    }
    left -= 1;
    at += 1;
    return samples[at - 1] ?? 0;
  };
}
