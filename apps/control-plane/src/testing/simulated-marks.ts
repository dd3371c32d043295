/** Recovery points with names and locks, and suspicions, as a simulated replication server keeps them. */
import type { CommandHandlers, CommandOutput, MarkedRecoveryPoint } from '@landfall/channel';
import type { RansomwareSuspicion, RecoveryPoint } from '@landfall/model';

type Handlers = Pick<
  CommandHandlers<'replication-server'>,
  'pinRecoveryPoint' | 'unpinRecoveryPoint' | 'lockRecoveryPoint' | 'acknowledgeTripwire'
>;

const ACKNOWLEDGED_MS = Date.UTC(2026, 0, 2);

export class SimulatedMarks {
  readonly #pointOf: (epoch: number) => RecoveryPoint;
  /** What is suspected of its servers. */
  suspicions: readonly RansomwareSuspicion[] = [];
  readonly #marks = new Map<number, { readonly name?: string; readonly lockedUntilMs?: number }>();

  constructor(pointOf: (epoch: number) => RecoveryPoint) {
    this.#pointOf = pointOf;
  }

  /** Of points 1 to `total`, the newest first. */
  list(
    total: number,
    { limit, marked }: { readonly limit: number; readonly marked?: boolean },
  ): CommandOutput<'replication-server', 'listRecoveryPoints'> {
    const epochs = Array.from({ length: Math.min(total, limit) }, (_, index) => total - index);
    const listed = epochs.filter((epoch) => marked !== true || this.#marks.has(epoch));
    const [newest, oldest] = [this.point(total), this.point(1)];
    return { recoveryPoints: listed.map((epoch) => this.point(epoch)), total, newest, oldest };
  }

  point(epoch: number): MarkedRecoveryPoint {
    return { ...this.#pointOf(epoch), ...this.#marks.get(epoch) };
  }

  readonly handlers: Handlers = {
    acknowledgeTripwire: async () => {
      const known = { endedAtMs: ACKNOWLEDGED_MS, acknowledgedAtMs: ACKNOWLEDGED_MS };
      this.suspicions = this.suspicions.map((suspicion) => ({ ...suspicion, ...known }));
      return { suspicions: this.suspicions };
    },
    pinRecoveryPoint: async ({ epoch, name }) => {
      this.#marks.set(epoch, { ...this.#marks.get(epoch), name });
      return this.point(epoch);
    },
    unpinRecoveryPoint: async ({ epoch }) => {
      this.#marks.delete(epoch);
      return {};
    },
    lockRecoveryPoint: async ({ epoch, untilMs }) => {
      this.#marks.set(epoch, { ...this.#marks.get(epoch), lockedUntilMs: untilMs });
      return this.point(epoch);
    },
  };
}
