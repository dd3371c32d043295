/**
 * Waiting for something the control plane works on, with progress. Asking survives restarts of the control
 * plane; Ctrl-C ends the waiting and nothing else.
 */
import { type Clock, systemClock } from '@landfall/runtime';
import { patiently } from '../patiently.ts';
import { type ListenForStop, processStop, type StopSignal, WaitInterrupted } from './interruption.ts';
import type { Output } from './output.ts';
import { Progress, type ProgressState } from './progress.ts';

export interface Waiting<State> {
  /** Names what goes on without us: `job j-…`. */
  readonly what: string;
  /** The command that follows it: `landfall job watch j-…`. */
  readonly follow: string;
  readonly ask: () => Promise<State>;
  /** It has ended, or cannot go on: looked at before anything is asked again. */
  readonly isEnded: (state: State) => boolean;
  readonly progressOf?: (state: State) => ProgressState | undefined;
  /** Lines that are new since the last state; they stay on the screen. */
  readonly news?: (state: State) => readonly string[];
}

export interface WaitingWorld {
  readonly clock: Clock;
  readonly listenForStop: ListenForStop;
}

/** What is soon done is soon told of; what is not is asked for once a second. */
const POLL_MS = { first: 100, max: 1000 };
const PROCESS: WaitingWorld = { clock: systemClock, listenForStop: processStop };

/** Errors: WaitInterrupted, and what asking throws when it is not for the moment. */
export async function waitForEnd<State>(
  waiting: Waiting<State>,
  output: Output,
  world: WaitingWorld = PROCESS,
): Promise<State> {
  const { what, follow } = waiting;
  const progress = new Progress(output, world.clock.nowMs);
  const stop = new AbortController();
  let forget = () => undefined as unknown;
  const stopped = new Promise<never>((_, reject) => {
    forget = world.listenForStop((signal: StopSignal) => {
      const interrupted = new WaitInterrupted(signal, what, follow);
      stop.abort(interrupted);
      reject(interrupted);
    });
  });
  try {
    return await Promise.race([stopped, untilEnded(waiting, { output, progress, world, stop: stop.signal })]);
  } finally {
    forget();
    progress.end();
  }
}

interface Following {
  readonly output: Output;
  readonly progress: Progress;
  readonly world: WaitingWorld;
  readonly stop: AbortSignal;
}

async function untilEnded<State>(waiting: Waiting<State>, following: Following): Promise<State> {
  const { output, progress, world, stop } = following;
  for (let pollMs = POLL_MS.first; ; pollMs = Math.min(POLL_MS.max, 2 * pollMs)) {
    const state = await patiently(waiting.ask);
    stop.throwIfAborted();
    const news = waiting.news?.(state) ?? [];
    if (news.length > 0) progress.end();
    for (const line of news) output.err(`${line}\n`);
    if (waiting.isEnded(state)) return state;
    const shown = waiting.progressOf?.(state);
    if (shown !== undefined) progress.show(shown);
    await world.clock.sleep(pollMs, stop);
  }
}
