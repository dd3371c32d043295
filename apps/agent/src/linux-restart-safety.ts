/**
 * The safety net of one engine as the agent uses it: what an earlier process knew goes to the first sender,
 * what is owed to the replica comes from whichever sender there is. A checkpoint is of the very disks that
 * are tracked: when they became others, it is not resumed from, and the account says so.
 */
import {
  type CaptureEngine,
  openSafetyNet,
  type ReplicaDebt,
  type SafetyNet,
  type SafetyPosition,
  type SafetyRecovery,
} from '@landfall/capture';
import { type Clock, formatBytes, type Logger } from '@landfall/runtime';
import type { TrackingAccount } from './replicator.ts';
import type { SafetyPlace } from './safety-place.ts';

export interface RestartSafety {
  /** What an earlier process knew, for the first sender only: nothing was taken from the engine before. */
  takePrevious(): SafetyPosition | undefined;
  /** See `SafetyNet.attach`. */
  attach(debt: () => ReplicaDebt | undefined): void;
  account(): TrackingAccount;
  /** The sender has ended, the engine has not. */
  close(): Promise<void>;
}

export interface RestartSafetyOptions {
  /** Started, and nothing taken from it yet. */
  readonly engine: CaptureEngine;
  readonly place: SafetyPlace;
  readonly logger: Logger;
  readonly clock: Clock;
}

export async function openRestartSafety(options: RestartSafetyOptions): Promise<RestartSafety> {
  const { engine, place, logger, clock } = options;
  const net = openSafetyNet({ engine, ...place, logger, clock });
  const recovery = await net.recover();
  const generation = engine.generation;
  let previous = recovery.kind === 'RESUME' ? recovery.position : undefined;
  if (previous !== undefined) {
    const position = previous;
    net.attach(() => (engine.generation === generation ? { ...position, taken: [] } : undefined));
  }
  return {
    takePrevious: () => {
      const taken = engine.generation === generation ? previous : undefined;
      previous = undefined;
      return taken;
    },
    attach: (debt) => net.attach(debt),
    account: () => ({ start: describeRecovery(recovery), restart: describeSafety(net) }),
    close: () => net.close(),
  };
}

function describeRecovery(recovery: SafetyRecovery): string {
  if (recovery.kind === 'COMPARE') return `comparison: ${recovery.reason}`;
  return `resumed without comparison: ${formatBytes(recovery.changedBytes)} changed while the agent was away`;
}

function describeSafety({ whyUnsafe }: SafetyNet): string {
  return whyUnsafe === undefined ? 'needs no comparison' : `would need a comparison: ${whyUnsafe}`;
}
