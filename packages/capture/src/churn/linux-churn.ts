/**
 * Measures how fast disks change, and nothing else: no engine, no reads; an instance of the kernel's
 * tracing of its own, so that it can run beside a replicating agent.
 */
import { type Clock, type Logger, systemClock } from '@landfall/runtime';
import { diskAt } from '../disks/linux-disks.ts';
import { createLinuxTraceSource } from '../tracing/linux-trace-source.ts';
import { ensureTracefs } from '../tracing/linux-tracefs.ts';
import { type Churn, ChurnMeter } from './churn-meter.ts';

export interface MeasureChurnOptions {
  readonly devices: readonly string[];
  readonly durationMs: number;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Ends it early; what was measured by then counts. */
  readonly signal?: AbortSignal;
  /** About once a second. */
  readonly onProgress?: (elapsedMs: number, churn: Churn) => void;
}

const STATE_NAME = 'forecast';
const DRAIN_MS = 50;
const PROGRESS_MS = 1000;

/**
 * Errors: DISK_NOT_FOUND, DISK_NOT_TRACKABLE, TRACEFS_UNAVAILABLE, LOCKDOWN_CONFIDENTIALITY,
 * TRACE_FORMAT_UNKNOWN.
 */
export async function measureChurn(options: MeasureChurnOptions): Promise<Churn> {
  const { devices, logger, clock = systemClock } = options;
  const disks = devices.map((device) => diskAt(device));
  await ensureTracefs();
  const baseNs = clock.monotonicNs();
  const trace = createLinuxTraceSource({ stateName: STATE_NAME, disks, clock, baseNs, logger });
  const sizesBytes = disks.map(({ sizeBytes }) => sizeBytes);
  trace.start();
  try {
    const meter = new ChurnMeter(sizesBytes, Number(clock.monotonicNs() - baseNs));
    await follow(options, clock, () => {
      const { events, completeThroughNs, doubt } = trace.drain(() => false);
      meter.add(events);
      if (completeThroughNs !== undefined) meter.advance(completeThroughNs);
      if (doubt === undefined) return meter.churn();
      // What was lost is missing from one window; the next one is whole again.
      logger.warn('churn-lost-sight', { reason: doubt });
      trace.stop();
      trace.start();
      return meter.churn();
    });
    return meter.churn();
  } finally {
    trace.stop();
  }
}

async function follow(options: MeasureChurnOptions, clock: Clock, drain: () => Churn): Promise<void> {
  const { durationMs, signal, onProgress } = options;
  const beganNs = clock.monotonicNs();
  for (let toldMs = 0, elapsedMs = 0; elapsedMs < durationMs && signal?.aborted !== true; ) {
    await clock.sleep(DRAIN_MS);
    const churn = drain();
    elapsedMs = Number(clock.monotonicNs() - beganNs) / 1e6;
    if (elapsedMs - toldMs < PROGRESS_MS) continue;
    toldMs = elapsedMs;
    onProgress?.(elapsedMs, churn);
  }
}
