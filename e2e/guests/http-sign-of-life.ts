/** Waiting for a machine's first answer over HTTP. */
import { systemClock } from '../../packages/runtime/src/index.ts';

export interface WebAddress {
  /** 127.0.0.1 without it. */
  readonly host?: string;
  readonly port: number;
}

export interface Waiting extends WebAddress {
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
export async function waitForLife({ timeoutMs, givesUp, ...at }: Waiting): Promise<Life> {
  const startedNs = systemClock.monotonicNs();
  const elapsedMs = () => Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
  while (elapsedMs() < timeoutMs) {
    if ((await fetchText(at, '/')) !== undefined) return { kind: 'ANSWERED', afterMs: elapsedMs() };
    const why = await givesUp?.();
    if (why !== undefined) return { kind: 'GAVE_UP', why };
    await systemClock.sleep(POLL_MS);
  }
  return { kind: 'GAVE_UP', why: `no answer over HTTP within ${timeoutMs} ms` };
}

/** `undefined`: no answer, or not 200. */
export async function fetchText(
  { host = '127.0.0.1', port }: WebAddress,
  path: string,
  timeoutMs = ATTEMPT_TIMEOUT_MS,
): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(`http://${host}:${port}${path}`, { signal });
    const text = await response.text();
    return response.status === 200 ? text : undefined;
  } catch {
    // Not listening yet, or reset by the forwarder before the guest listens: asked again.
    return undefined;
  }
}
