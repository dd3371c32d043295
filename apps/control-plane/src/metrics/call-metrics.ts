/**
 * Calls of the public API: how many, with which outcome, how long they took. Operations and outcomes come
 * from the models, so there are so many series and no more; whatever else is asked for counts as `unknown`.
 */
import { allOperations, EC2_OPERATION_NAMES } from '@landfall/api';
import type { Family, Histogram } from './exposition.ts';

/** Seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** EC2's have dots in them: `InvalidInstanceID.NotFound`. */
const NAME = /^[A-Za-z][A-Za-z.]{0,63}$/;
const CODES_MAX = 64;

const KNOWN = new Set([
  ...allOperations('mgn').map(({ name }) => `mgn ${name}`),
  ...allOperations('landfall').map(({ name }) => `landfall ${name}`),
  ...EC2_OPERATION_NAMES.map((name) => `ec2 ${name}`),
  ...['GetCallerIdentity', 'GetSessionToken', 'AssumeRole'].map((name) => `sts ${name}`),
]);

export interface ObservedCall {
  /** `mgn:StartTest`; empty when the request was refused before it had a meaning. */
  readonly action: string;
  /** `ok`, or the name of the exception. */
  readonly code: string;
  readonly seconds: number;
}

interface Durations {
  readonly counts: number[];
  beyond: number;
  sum: number;
}

export class CallMetrics {
  readonly #calls = new Map<string, Map<string, number>>();
  readonly #durations = new Map<string, Durations>();
  readonly #codes = new Set<string>();

  observe({ action, code, seconds }: ObservedCall): void {
    const named = action.replace(':', ' ');
    const operation = KNOWN.has(named) ? named : 'unknown unknown';
    const codes = this.#calls.get(operation) ?? new Map<string, number>();
    this.#calls.set(operation, codes);
    const outcome = this.#boundedCode(code);
    codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
    this.#observeDuration(operation, seconds);
  }

  families(): readonly Family[] {
    const samples = [...this.#calls].flatMap(([operation, codes]) =>
      [...codes].map(([code, value]) => ({ labels: { ...labelsOf(operation), code }, value })),
    );
    const histograms: readonly Histogram[] = [...this.#durations].map(([operation, durations]) => ({
      labels: labelsOf(operation),
      ...durations,
    }));
    return [
      {
        ...{ type: 'counter', name: 'landfall_api_calls_total', samples },
        help: 'Calls of the public API by operation and outcome.',
      },
      {
        ...{ type: 'histogram', name: 'landfall_api_call_duration_seconds', bounds: BOUNDS, histograms },
        help: 'Time from a request to its answer; of streams, to their beginning.',
      },
    ];
  }

  #observeDuration(operation: string, seconds: number): void {
    const durations = this.#durations.get(operation) ?? { counts: BOUNDS.map(() => 0), beyond: 0, sum: 0 };
    this.#durations.set(operation, durations);
    const index = BOUNDS.findIndex((bound) => seconds <= bound);
    if (index === -1) durations.beyond += 1;
    else durations.counts[index] = (durations.counts[index] ?? 0) + 1;
    durations.sum += seconds;
  }

  #boundedCode(code: string): string {
    if (this.#codes.has(code)) return code;
    if (!NAME.test(code) || this.#codes.size >= CODES_MAX) return 'other';
    this.#codes.add(code);
    return code;
  }
}

function labelsOf(operation: string): { readonly service: string; readonly operation: string } {
  const [service = '', name = ''] = operation.split(' ');
  return { service, operation: name };
}
