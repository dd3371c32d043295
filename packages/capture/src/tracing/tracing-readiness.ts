/**
 * Whether this kernel lets disks be tracked, and what is known to be wrong with it (pure; kernel-tracing.md,
 * requirements 36–40). `linux-tracefs.ts` gathers the facts.
 */
import { OperationError } from '@landfall/runtime';

export interface TracingFacts {
  /** Of /sys/kernel/security/lockdown; absent where the kernel knows none. */
  readonly lockdown?: string;
  /** The kernel lists tracefs among its file systems. */
  readonly knowsTracefs: boolean;
  /** Why tracefs could not be mounted, when it was not and could not be. */
  readonly mountFailure?: string;
  readonly isMounted: boolean;
  readonly isWritable: boolean;
  /** /proc/self/timens_offsets says that our monotonic clock is not the kernel's. */
  readonly isClockShifted: boolean;
  readonly hasBlockEvents: boolean;
}

/** `undefined`: it does. */
export function whyNoTracing(facts: TracingFacts): OperationError | undefined {
  if (facts.lockdown?.includes('[confidentiality]') === true) return lockedDown();
  if (!facts.knowsTracefs) {
    const why = 'this kernel was built without event tracing (CONFIG_EVENT_TRACING)';
    return unavailable(why, `boot a kernel of a distribution, which has it; or ${SCAN_MODE}`);
  }
  if (!facts.isMounted) {
    const why = `tracefs is not mounted at /sys/kernel/tracing and cannot be: ${facts.mountFailure ?? 'no reason given'}`;
    return unavailable(why, `${RUN_AS_ROOT}; or ${SCAN_MODE}`);
  }
  if (!facts.isWritable) {
    return unavailable('/sys/kernel/tracing is not writable', `${RUN_AS_ROOT}; or ${SCAN_MODE}`);
  }
  if (!facts.hasBlockEvents) {
    const why = 'the kernel has tracing but no block events (CONFIG_BLOCK, CONFIG_EVENT_TRACING)';
    return unavailable(why, `boot a kernel of a distribution, which has them; or ${SCAN_MODE}`);
  }
  if (facts.isClockShifted) {
    const why =
      'this process lives in a time namespace with a shifted clock, of which the trace knows nothing';
    return unavailable(why, `run the agent outside of the time namespace; or ${SCAN_MODE}`);
  }
  return undefined;
}

const SCAN_MODE = 'replicate in scan mode (`install --scan-mode`)';
const RUN_AS_ROOT =
  'run as root, on the machine itself or in a container that has /sys/kernel/tracing writable';

/** Known defects of the kernel's ring buffer, unless its distributor has repaired them. */
export function kernelWarnings({
  release,
  machine,
}: {
  release: string;
  machine: string;
}): readonly string[] {
  const [, major, minor, patch] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release) ?? [];
  if (major === undefined || minor === undefined) return [];
  const version = [Number(major), Number(minor), Number(patch ?? 0)] as const;
  const warnings: string[] = [];
  if (isBefore(version, [5, 9, 9])) {
    warnings.push(
      `Linux ${release} may drop trace events without saying so (repaired in 5.9.9): ` +
        'update the kernel, or let its distributor confirm the repair',
    );
  }
  if (machine === 'aarch64' && isBefore(version, [6, 1, 25])) {
    warnings.push(
      `Linux ${release} on arm64 may show half-written trace events (repaired in 6.1.25): ` +
        'update the kernel, or let its distributor confirm the repair',
    );
  }
  return warnings;
}

type Version = readonly [number, number, number];

function isBefore(left: Version, right: Version): boolean {
  const at = left.findIndex((part, index) => part !== right[index]);
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}

function lockedDown(): OperationError {
  return new OperationError(
    'LOCKDOWN_CONFIDENTIALITY',
    'the kernel is locked down in confidentiality mode, which forbids tracing',
    {
      hint: `boot with lockdown=integrity (enough for Secure Boot) or without the lockdown parameter; or ${SCAN_MODE}`,
    },
  );
}

export function unavailable(why: string, hint: string, cause?: unknown): OperationError {
  return new OperationError('TRACEFS_UNAVAILABLE', `changes of disks cannot be tracked: ${why}`, {
    hint,
    cause,
  });
}

export function cannotTrace(why: string, cause?: unknown): OperationError {
  return unavailable(why, RUN_AS_ROOT, cause);
}
