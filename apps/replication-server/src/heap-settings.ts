/**
 * How V8 keeps house in a program that receives. Every piece that TLS hands over is a buffer outside the
 * heap that is garbage a moment later. By default V8 marks the whole heap whenever some megabytes of such
 * buffers have been made: over a hundred times for each 2 GiB, a fifth of the processor time of a first
 * sync. With a larger young generation most of them are freed without marking anything, and counted together
 * with the heap, which is small, the others are marked a third as often.
 */
import { setFlagsFromString } from 'node:v8';

const FLAGS = ['--semi-space-growth-factor=8', '--external-memory-accounted-in-global-limit'];

/** To be called first of all: what has been allocated keeps the settings it was allocated with. */
export function applyHeapSettings(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
