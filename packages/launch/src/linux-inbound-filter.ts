/** Keeps closed ports of machines closed, with nftables of this computer (see inbound-filter.ts). */
import { type Clock, OperationError, type RunResult, run } from '@landfall/runtime';
import { type FilterEntry, parseFilterEntries, planFilter, planFilterRemoval } from './inbound-filter.ts';
import { macAddressOf } from './launch-plan.ts';
import type { InboundRequest } from './machine-host.ts';

/** Somebody may load rules of their own, and with them flush all others: ours are put back after so long. */
const AGAIN_MS = 30_000;

export class InboundFilter {
  readonly #clock: Clock;
  /** By machine, when its rules were put in place. */
  readonly #placedMs = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Asked often; does what it does the first time, and again every half minute. `guard`: what else may have
   * been lost with these rules, seen to before. Errors: INBOUND_NOT_FILTERED, those of `guard`.
   */
  async keep(request: InboundRequest, guard?: () => Promise<void>): Promise<void> {
    const { machineId, macAddress = macAddressOf(machineId), inboundPorts: ports } = request;
    if (!this.#isDue(machineId)) return;
    await guard?.();
    await this.#inTurn(async () => {
      await load(planFilter({ machineId, macAddress, ports }, await readEntries()));
      this.#placedMs.set(machineId, this.#clock.nowMs());
    });
  }

  /** Nothing to take away is success. Errors: INBOUND_NOT_FILTERED. */
  async remove(machineId: string): Promise<void> {
    await this.#inTurn(async () => {
      this.#placedMs.delete(machineId);
      const script = planFilterRemoval(machineId, await readEntries());
      if (script !== undefined) await load(script);
    });
  }

  #isDue(machineId: string): boolean {
    const ageMs = this.#clock.nowMs() - (this.#placedMs.get(machineId) ?? Number.NEGATIVE_INFINITY);
    // A clock that was set back says nothing.
    return ageMs < 0 || ageMs >= AGAIN_MS;
  }

  /** One at a time: what is found must still be there when it is replaced. */
  async #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(action, action);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    await turn;
  }
}

/** Where they cannot be asked for, there are none of ours. */
async function readEntries(): Promise<readonly FilterEntry[]> {
  const result = await nft(['--json', 'list', 'map', 'bridge', 'landfall', 'machines']);
  return result?.exitCode === 0 ? parseFilterEntries(result.stdout) : [];
}

async function load(script: string): Promise<void> {
  const result = await nft(['--file', '-'], script);
  if (result?.exitCode !== 0) throw notFiltered(result?.stderr ?? 'there is no nft here');
}

/** `undefined`: it is not installed. */
async function nft(parameters: readonly string[], input?: string): Promise<RunResult | undefined> {
  try {
    return await run(['nft', ...parameters], input === undefined ? {} : { input });
  } catch (error) {
    if (error instanceof OperationError && error.code === 'TOOL_MISSING') return undefined;
    throw error;
  }
}

function notFiltered(said: string): OperationError {
  const why = said.trim().split('\n')[0] ?? '';
  return new OperationError(
    'INBOUND_NOT_FILTERED',
    `ports of the machine that are not let in cannot be kept closed: ${why}`,
    {
      hint: 'install the package nftables on the launch host and run the launch host as root, or let all ports in (inboundTraffic ALL of the launch template)',
    },
  );
}
