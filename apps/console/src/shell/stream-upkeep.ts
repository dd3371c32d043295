/**
 * When the page holds the stream of events. Over HTTP/1.1 a browser opens six connections to a server, for
 * all its tabs together: a stream in each of six tabs would leave none for any question.
 *
 * V1  A page that is hidden for `HIDDEN_MS_MAX` holds no stream; one that is opened behind others, none yet.
 * V2  Shown again it goes on after the last event, and looks at everything anew (E2).
 */
import type { EventStream } from '../api/event-stream.ts';
import type { ConsoleClock } from '../browser-clock.ts';

export const HIDDEN_MS_MAX = 5000;

export interface StreamUpkeepOptions {
  readonly stream: Pick<EventStream, 'start' | 'stop'>;
  readonly page: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;
  readonly clock: ConsoleClock;
}

/** Returns what ends it, and the stream with it. */
export function keepStreamWhileVisible({ stream, page, clock }: StreamUpkeepOptions): () => void {
  let isHeld = false;
  let cancelStop: (() => void) | undefined;
  const stop = () => {
    isHeld = false;
    stream.stop();
  };
  const follow = () => {
    cancelStop?.();
    cancelStop = undefined;
    if (page.visibilityState === 'hidden') {
      if (isHeld) cancelStop = clock.after(HIDDEN_MS_MAX, stop);
    } else if (!isHeld) {
      isHeld = true;
      stream.start();
    }
  };
  follow();
  page.addEventListener('visibilitychange', follow);
  return () => {
    page.removeEventListener('visibilitychange', follow);
    cancelStop?.();
    if (isHeld) stop();
  };
}
