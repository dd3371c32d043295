/**
 * Who is signed in. The long-term secret is turned into a key that cannot be read (G1 of `sign-request.ts`)
 * and lives in this page only; what survives a reload is temporary.
 *
 * N1  Storage never holds anything but temporary credentials, and they go when the session ends.
 * N2  While the page has the key, credentials are renewed before they end; a failed renewal is tried again
 *     until they do.
 * N3  A session that ended keeps its page: EXPIRED is told apart from SIGNED_OUT, and signing in again goes
 *     on where it was.
 */
import type { ConsoleClock } from '../browser-clock.ts';
import { type SigningKey, signingKey } from './sign-request.ts';

export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

export type SessionState =
  | { readonly kind: 'SIGNED_OUT' }
  | { readonly kind: 'SIGNED_IN'; readonly keyId: string; readonly credentials: TemporaryCredentials }
  | { readonly kind: 'EXPIRED'; readonly keyId: string };

export interface SessionStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface SessionOptions {
  readonly storage: SessionStorage;
  readonly clock: ConsoleClock;
  readonly requestToken: (signer: SigningKey) => Promise<TemporaryCredentials>;
}

const STORED_AS = 'landfall-session';
/** Before credentials end: time for a renewal that fails to be tried again. */
const RENEW_BEFORE_MS = 15 * 60_000;
const RENEW_AGAIN_MS = 30_000;
/** What is signed in the last seconds may arrive too late. */
const USABLE_BEFORE_MS = 5000;

export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  #state: SessionState;
  #signer: SigningKey | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#state = readStored(options.storage) ?? { kind: 'SIGNED_OUT' };
    this.#plan();
  }

  get state(): SessionState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Errors: ApiFailure; the state stays as it was. */
  async signIn(accessKeyId: string, secretAccessKey: string): Promise<void> {
    const signer = await signingKey({ accessKeyId, secretAccessKey });
    const credentials = await this.#options.requestToken(signer);
    this.#signer = signer;
    this.#enter({ kind: 'SIGNED_IN', keyId: accessKeyId, credentials });
  }

  signOut(): void {
    this.#signer = undefined;
    this.#enter({ kind: 'SIGNED_OUT' });
  }

  /** N3 The service refused the credentials, or they have ended. */
  expire(): void {
    if (this.#state.kind !== 'SIGNED_IN') return;
    this.#signer = undefined;
    this.#enter({ kind: 'EXPIRED', keyId: this.#state.keyId });
  }

  #enter(state: SessionState): void {
    this.#state = state;
    const { storage } = this.#options;
    if (state.kind === 'SIGNED_IN') storage.setItem(STORED_AS, JSON.stringify(state));
    else storage.removeItem(STORED_AS);
    this.#plan();
    for (const listener of this.#listeners) listener();
  }

  #plan(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#state.kind !== 'SIGNED_IN') return;
    const leftMs = this.#state.credentials.expiresAtMs - this.#options.clock.nowMs();
    if (this.#signer === undefined) this.#wait(leftMs - USABLE_BEFORE_MS, () => this.expire());
    else this.#wait(leftMs - RENEW_BEFORE_MS, () => void this.#renew());
  }

  #wait(delayMs: number, run: () => void): void {
    this.#cancelTimer = this.#options.clock.after(Math.max(0, delayMs), run);
  }

  /** N2 */
  async #renew(): Promise<void> {
    const signer = this.#signer;
    if (signer === undefined) return;
    const renewed = await this.#options.requestToken(signer).then(
      (credentials) => credentials,
      (error: unknown) => error,
    );
    if (this.#signer !== signer || this.#state.kind !== 'SIGNED_IN') return;
    if (isCredentials(renewed)) return this.#enter({ ...this.#state, credentials: renewed });
    const leftMs = this.#state.credentials.expiresAtMs - this.#options.clock.nowMs();
    if (leftMs <= USABLE_BEFORE_MS || isRefusal(renewed)) return this.expire();
    this.#wait(Math.min(RENEW_AGAIN_MS, leftMs - USABLE_BEFORE_MS), () => void this.#renew());
  }
}

function isCredentials(value: unknown): value is TemporaryCredentials {
  return typeof value === 'object' && value !== null && 'sessionToken' in value && 'expiresAtMs' in value;
}

/** The key was taken away meanwhile: no use in asking again. */
function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === 403;
}

function readStored(storage: SessionStorage): SessionState | undefined {
  const text = storage.getItem(STORED_AS);
  if (text === null) return undefined;
  const stored: unknown = parse(text);
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { keyId, credentials } = stored as Partial<Extract<SessionState, { kind: 'SIGNED_IN' }>>;
  if (typeof keyId !== 'string' || !isCredentials(credentials)) return undefined;
  return { kind: 'SIGNED_IN', keyId, credentials };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Something else wrote it: as if nobody were signed in.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
