/**
 * A signal of one's own that also follows another, and lets go of it: long-lived signals gather no
 * listeners.
 */
export interface FollowedSignal {
  readonly signal: AbortSignal;
  /** Aborts it (with this reason) and stops following. */
  end(reason?: unknown): void;
}

export function followSignal(followed: AbortSignal): FollowedSignal {
  const own = new AbortController();
  const onAbort = () => own.abort(followed.reason);
  followed.addEventListener('abort', onAbort, { once: true });
  if (followed.aborted) onAbort();
  return {
    signal: own.signal,
    end: (reason) => {
      followed.removeEventListener('abort', onAbort);
      own.abort(reason);
    },
  };
}
