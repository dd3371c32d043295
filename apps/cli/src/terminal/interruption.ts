/**
 * Ctrl-C while something is waited for: the work belongs to the control plane and goes on. Whoever waited is
 * told so, and how to follow it; the exit code says that it was interrupted.
 */
import { EXIT_INTERRUPTED, EXIT_TERMINATED } from '../exit-codes.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export class WaitInterrupted extends Error {
  readonly exitCode: number;
  /** The command that follows it. */
  readonly follow: string;

  constructor(signal: StopSignal, what: string, follow: string) {
    super(`no longer waiting: ${what} goes on`);
    this.exitCode = signal === 'SIGINT' ? EXIT_INTERRUPTED : EXIT_TERMINATED;
    this.follow = follow;
  }
}

/** Calls `listener` at the first Ctrl-C or SIGTERM; the function returned forgets it. */
export type ListenForStop = (listener: (signal: StopSignal) => void) => () => void;

export const processStop: ListenForStop = (listener) => {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
};
