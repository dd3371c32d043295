/** Waiting for a machine's first answer over HTTP. */
import { systemClock } from '../../packages/runtime/src/index.ts';

export interface Waiting {
  readonly port: number;
  readonly timeoutMs: number;
  /** Asked between two attempts; an answer ends the waiting. */
  readonly givesUp?: () => Promise<string | undefined>;
}

export type Life =
  | { readonly kind: 'ANSWERED'; readonly afterMs: number }
  | { readonly kind: 'GAVE_UP'; readonly why: string };

const POLL_MS = 250;
const ATTEMPT_TIMEOUT_MS = 3000;

/** Until `/` is answered with 200. */
export async function waitForLife({ port, timeoutMs, givesUp }: Waiting): Promise<Life> {
  const startedNs = systemClock.monotonicNs();
  const elapsedMs = () => Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
  while (elapsedMs() < timeoutMs) {
    if ((await fetchText(port, '/')) !== undefined) return { kind: 'ANSWERED', afterMs: elapsedMs() };
    const why = await givesUp?.();
    if (why !== undefined) return { kind: 'GAVE_UP', why };
    await systemClock.sleep(POLL_MS);
  }
  return { kind: 'GAVE_UP', why: `no answer over HTTP within ${timeoutMs} ms` };
}

/** `undefined`: no answer, or not 200. */
export async function fetchText(port: number, path: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
    const text = await response.text();
    return response.status === 200 ? text : undefined;
  } catch {
    // Not listening yet, or reset by the forwarder before the guest listens: asked again.
    return undefined;
  }
}
