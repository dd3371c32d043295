/** What is held open for somebody who asks for it again and again, and ends when they do no more. */
import type { Clock } from '@landfall/runtime';

interface Lease {
  readonly leaseMs: number;
  readonly renewedNs: bigint;
}

export class Leases {
  readonly #clock: Clock;
  readonly #leases = new Map<string, Lease>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Without `leaseMs` it never expires. */
  renew(id: string, leaseMs: number | undefined): void {
    if (leaseMs === undefined) this.#leases.delete(id);
    else this.#leases.set(id, { leaseMs, renewedNs: this.#clock.monotonicNs() });
  }

  end(id: string): void {
    this.#leases.delete(id);
  }

  expired(): readonly string[] {
    const nowNs = this.#clock.monotonicNs();
    const isOver = ({ leaseMs, renewedNs }: Lease) => Number(nowNs - renewedNs) / 1e6 >= leaseMs;
    return [...this.#leases].flatMap(([id, lease]) => (isOver(lease) ? [id] : []));
  }
}
