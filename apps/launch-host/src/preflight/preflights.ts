/**
 * Preflights of this launch host, by id, in memory: one changes nothing, so whatever is lost with this
 * program is simply begun again when the control plane asks next.
 *
 * A few results are kept for a control plane that did not get the answer. A failure is told once.
 */
import type { PreflightOrder, PreflightStatus } from '@landfall/channel';
import type { PreflightResult } from '@landfall/model';
import { OperationError, retry } from '@landfall/runtime';
import type { ApplianceTurns } from '../conversion/appliance-turns.ts';
import type { HostServices } from '../host-services.ts';
import { emptyFolder, inspectViews } from './file-preflight.ts';

const RESULTS_KEPT_MAX = 16;
const ATTEMPTS_MAX = 3;

export class Preflights {
  readonly #services: HostServices;
  readonly #turns: ApplianceTurns;
  readonly #folder: string;
  readonly #statuses = new Map<string, PreflightStatus>();
  readonly #work = new Set<Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(services: HostServices, turns: ApplianceTurns, folder: string) {
    this.#services = services;
    this.#turns = turns;
    this.#folder = folder;
  }

  /** What an earlier run has left is of no use. */
  async open(): Promise<void> {
    await emptyFolder(this.#folder);
  }

  async stop(): Promise<void> {
    this.#stopped.abort(stopping());
    await Promise.all(this.#work);
  }

  run(order: PreflightOrder): PreflightStatus {
    const { preflightId } = order;
    if (this.#stopped.signal.aborted) throw stopping();
    if (!/^[a-zA-Z0-9-]{1,64}$/.test(preflightId) || order.disks.length === 0) throw invalid(preflightId);
    const known = this.#statuses.get(preflightId);
    if (known?.state === 'FAILED') this.#statuses.delete(preflightId);
    if (known !== undefined) return known;
    const status: PreflightStatus = { preflightId, state: 'RUNNING' };
    this.#statuses.set(preflightId, status);
    const work = this.#inspect(order).finally(() => this.#work.delete(work));
    this.#work.add(work);
    return status;
  }

  async #inspect(order: PreflightOrder): Promise<void> {
    const { preflightId } = order;
    const logger = this.#services.logger.with({ preflightId });
    try {
      const { signal } = this.#stopped;
      const result = await this.#turns.inBackground(signal, (turn) => this.#inspectPatiently(order, turn));
      const { operatingSystem, findings, durationMs } = result;
      logger.info('preflight-complete', { operatingSystem, findings: findings.length, durationMs });
      this.#keep({ preflightId, state: 'COMPLETE', result });
    } catch (error) {
      logger.warn('preflight-failed', { error });
      this.#keep({ preflightId, state: 'FAILED', error: describe(error) });
    }
  }

  /** An appliance that died, or that showed other disks than it was given, is started again. */
  async #inspectPatiently(order: PreflightOrder, signal: AbortSignal): Promise<PreflightResult> {
    const { clock, logger } = this.#services;
    let attempts = 0;
    return await retry(
      async () => {
        attempts += 1;
        const result = await inspectViews(this.#services, this.#folder, order, signal);
        if (attempts < ATTEMPTS_MAX && isDoubtful(result)) throw doubtful();
        return result;
      },
      {
        ...{ attemptsMax: ATTEMPTS_MAX, signal, clock },
        isRetryable: (error) => !signal.aborted && error instanceof OperationError && error.retryable,
        onRetry: (error) => logger.warn('preflight-tried-again', { preflightId: order.preflightId, error }),
      },
    );
  }

  #keep(status: PreflightStatus): void {
    this.#statuses.delete(status.preflightId);
    this.#statuses.set(status.preflightId, status);
    const ended = [...this.#statuses.values()].filter(({ state }) => state !== 'RUNNING');
    for (const { preflightId } of ended.slice(0, -RESULTS_KEPT_MAX)) this.#statuses.delete(preflightId);
  }
}

/** An appliance on a busy host has been seen to show its own disk in the place of one of the guest's. */
function isDoubtful({ findings }: PreflightResult): boolean {
  return findings.some(({ code }) => code === 'ROOT_MISSING');
}

function doubtful(): OperationError {
  const message = 'no root filesystem was found; another appliance is asked';
  return new OperationError('APPLIANCE_FAILED', message, { retryable: true });
}

function describe(error: unknown): NonNullable<PreflightStatus['error']> {
  if (!(error instanceof OperationError)) {
    return { code: 'PREFLIGHT_FAILED', message: error instanceof Error ? error.message : String(error) };
  }
  const { code, message, hint } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function invalid(preflightId: string): OperationError {
  return new OperationError('PREFLIGHT_FAILED', `preflight ${preflightId.slice(0, 64)} names no disks`, {
    hint: 'use a launch host of the same version as the control plane',
  });
}

function stopping(): OperationError {
  return new OperationError('LAUNCH_CANCELLED', 'the launch host is stopping', {
    hint: 'ask again once the launch host is back',
    retryable: true,
  });
}
