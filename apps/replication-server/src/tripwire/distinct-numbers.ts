/** A random choice out of any number of things, in no more time and memory than the choice takes. */
import type { Random } from '@landfall/runtime';

/**
 * Different whole numbers in [0, count), in ascending order: `max` of them, or all when there are no more.
 * Every choice is equally likely. Source: Floyd's algorithm (Bentley, A Sample of Brilliance, 1987).
 */
export function distinctNumbers(count: number, max: number, random: Random): readonly number[] {
  if (count <= max) return Array.from({ length: count }, (_, number) => number);
  const chosen = new Set<number>();
  for (let last = count - max; last < count; last += 1) {
    const number = random.integer(last + 1);
    chosen.add(chosen.has(number) ? last : number);
  }
  return [...chosen].sort((left, right) => left - right);
}
