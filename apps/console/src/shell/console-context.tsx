/** What every page works with: the session, both services, and what is known of the world. */
import { createContext, useCallback, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import type { EventStream } from '../api/event-stream.ts';
import type { LandfallCall } from '../api/landfall-client.ts';
import type { Answer, LiveQueries, LiveQuery } from '../api/live-queries.ts';
import type { MgnCall } from '../api/mgn-client.ts';
import type { ConsoleClock } from '../browser-clock.ts';
import type { Session } from '../session/session.ts';

/** What the control plane tells anybody, signed in or not. */
export interface ServiceFacts {
  readonly region: string;
  readonly version: string;
  readonly publicUrl: string;
}

export interface Console {
  readonly facts: ServiceFacts;
  readonly clock: ConsoleClock;
  readonly session: Session;
  readonly mgn: MgnCall;
  readonly landfall: LandfallCall;
  readonly queries: LiveQueries;
  readonly stream: EventStream;
}

export const ConsoleContext = createContext<Console | undefined>(undefined);

export function useConsole(): Console {
  const console = useContext(ConsoleContext);
  if (console === undefined) throw new Error('useConsole outside its context');
  return console;
}

/** The answer to a question, kept up as long as it is shown. Equal keys share one. */
export function useLive<Value>(query: LiveQuery<Value>): Answer<Value> {
  const { queries } = useConsole();
  const { key } = query;
  const latest = useRef(query);
  latest.current = query;
  const subscribe = useCallback(
    (listener: () => void) => queries.show({ ...latest.current, key }, listener),
    [queries, key],
  );
  return useSyncExternalStore(subscribe, () => queries.answer<Value>(key));
}

/** The time, told anew every so often while the page is shown. */
export function useNow(everyMs: number): number {
  const { clock } = useConsole();
  const subscribe = useCallback((listener: () => void) => repeat(clock, everyMs, listener), [clock, everyMs]);
  return useSyncExternalStore(subscribe, () => Math.floor(clock.nowMs() / everyMs) * everyMs);
}

function repeat(clock: ConsoleClock, everyMs: number, listener: () => void): () => void {
  let cancel: () => void;
  const next = () => {
    cancel = clock.after(everyMs, () => {
      listener();
      next();
    });
  };
  next();
  return () => cancel();
}

/** The title of the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Landfall`;
  }, [title]);
}
