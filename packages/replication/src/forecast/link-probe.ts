/**
 * Measures the link to a replication server without replicating: PROBE frames as fast as they leave, and
 * what the server says has arrived. What counts is the server's word; at most PROBE_AHEAD_BYTES are on
 * their way, so that buffers between do not pass for speed.
 */
import { assert, type Clock, type Random } from '@landfall/runtime';
import { type Link, type Message, PROBE_BYTES_MAX } from '@landfall/wire';
import { endedByServer, refusalError, violation } from '../link/hello.ts';
import { withKeepAlive } from '../link/keep-alive.ts';

/** A sample ends after this time or that many bytes, whichever comes first. */
const SAMPLE_MS = 200;
const SAMPLE_BYTES = 32 * 1024 * 1024;
const PROBE_AHEAD_BYTES = 8 * 1024 * 1024;
/** TCP's slow start is no measurement. */
const SKIPPED_SAMPLES = 1;

export interface ProbeLinkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly durationMs: number;
  readonly bytesMax: number;
}

/**
 * Bytes a second that arrived, one sample after another. The link has ended afterwards. Errors: the
 * server's refusal, those of the link.
 */
export async function probeLink(dialled: Link, options: ProbeLinkOptions): Promise<readonly number[]> {
  const link = withKeepAlive(dialled, options.clock);
  try {
    return await new LinkProbe(link, options).run();
  } finally {
    link.destroy();
  }
}

class LinkProbe {
  readonly #link: Link;
  readonly #options: ProbeLinkOptions;
  readonly #samples: number[] = [];
  readonly #sampled: { bytes: number; sinceNs: bigint };
  readonly #beganNs: bigint;
  #sentBytes = 0;
  #arrivedBytes = 0;
  #done = false;
  #wake: (() => void) | undefined;

  constructor(link: Link, options: ProbeLinkOptions) {
    this.#link = link;
    this.#options = options;
    this.#beganNs = options.clock.monotonicNs();
    this.#sampled = { bytes: 0, sinceNs: this.#beganNs };
  }

  async run(): Promise<readonly number[]> {
    const finish = () => {
      this.#done = true;
      this.#wake?.();
    };
    const listening = this.#listen().finally(finish);
    const sending = this.#send().finally(finish);
    const results = await Promise.allSettled([listening, sending]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return this.#samples.slice(SKIPPED_SAMPLES);
  }

  /** Random bytes: what lies between may compress. */
  async #send(): Promise<void> {
    const payload = this.#options.random.bytes(PROBE_BYTES_MAX);
    while (!this.#isOver()) {
      while (this.#sentBytes - this.#arrivedBytes > PROBE_AHEAD_BYTES && !this.#done) await this.#progress();
      if (this.#isOver()) return;
      this.#sentBytes += payload.length;
      await this.#link.send({ type: 'PROBE', payload });
    }
  }

  async #listen(): Promise<void> {
    for await (const message of this.#link.messages()) {
      this.#onMessage(message);
      if (this.#isOver()) return;
    }
    throw endedByServer();
  }

  #onMessage(message: Message): void {
    if (message.type === 'REFUSE') throw refusalError(message);
    if (message.type !== 'PROBED') throw violation(`it answered PROBE with ${message.type}`);
    assert(message.bytes <= this.#sentBytes, 'no more arrives than was sent');
    this.#arrivedBytes = message.bytes;
    this.#sample();
    this.#wake?.();
  }

  #sample(): void {
    const nowNs = this.#options.clock.monotonicNs();
    const elapsedMs = Number(nowNs - this.#sampled.sinceNs) / 1e6;
    const bytes = this.#arrivedBytes - this.#sampled.bytes;
    if (elapsedMs < SAMPLE_MS && bytes < SAMPLE_BYTES) return;
    this.#samples.push((bytes * 1000) / Math.max(elapsedMs, 0.001));
    this.#sampled.bytes = this.#arrivedBytes;
    this.#sampled.sinceNs = nowNs;
  }

  #isOver(): boolean {
    const { clock, durationMs, bytesMax } = this.#options;
    const elapsedMs = Number(clock.monotonicNs() - this.#beganNs) / 1e6;
    return this.#done || elapsedMs >= durationMs || this.#arrivedBytes >= bytesMax;
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
