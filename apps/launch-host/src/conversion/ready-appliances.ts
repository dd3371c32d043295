/**
 * At most one appliance that stands ready for the next launch, so that a launch at a point nobody looked at
 * need not wait for one to start.
 *
 * One is started when none was asked for in a while, not when one was taken: the guest of that launch boots
 * then, and the next launch of a wave comes too early for it anyway.
 */
import { join } from 'node:path';
import type { LaunchHostCapabilities } from '@landfall/channel';
import { ReadyAppliance } from '@landfall/conversion';
import { type Accelerator, withMonitor } from '@landfall/launch';
import { after, type Clock, formatBytes, GIB, type Logger } from '@landfall/runtime';

export type ReadyApplianceFacts = Pick<LaunchHostCapabilities, 'readyAppliance' | 'readyApplianceReason'>;

export interface ReadyAppliancesOptions {
  readonly stateDir: string;
  readonly accelerator: Accelerator;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly quietMs?: number;
  readonly freeMemoryBytesMin?: number;
}

const QUIET_MS = 60_000;
/** One takes up to 0.5 GiB while it stands. */
const FREE_MEMORY_BYTES_MIN = 3 * GIB;
const NOT_YET = 'one is started a minute after the last launch, and after the start of the launch host';

export class ReadyAppliances {
  readonly #options: ReadyAppliancesOptions;
  #current: ReadyAppliance | undefined;
  #isReady = false;
  #whyNone = NOT_YET;
  #cancelNext: () => void = () => undefined;
  #isClosed = false;
  #count = 0;

  /** The first one is started after a quiet time as well. */
  constructor(options: ReadyAppliancesOptions) {
    this.#options = options;
    this.#startLater();
  }

  describe(): ReadyApplianceFacts {
    if (this.#current === undefined) return { readyAppliance: 'NONE', readyApplianceReason: this.#whyNone };
    return { readyAppliance: this.#isReady ? 'READY' : 'STARTING' };
  }

  /** For the caller alone, who ends it. One that is still starting is ready sooner than one begun now. */
  take(): ReadyAppliance | undefined {
    const taken = this.#current;
    this.#current = undefined;
    this.#whyNone = NOT_YET;
    this.#startLater();
    return taken;
  }

  /** Nothing is started after this. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelNext();
    const current = this.#current;
    this.#current = undefined;
    await current?.close();
  }

  #startLater(): void {
    this.#cancelNext();
    if (this.#isClosed) return;
    this.#cancelNext = after(this.#options.quietMs ?? QUIET_MS, () => this.#start());
  }

  #start(): void {
    const {
      stateDir,
      accelerator,
      logger,
      clock,
      freeMemoryBytesMin = FREE_MEMORY_BYTES_MIN,
    } = this.#options;
    if (process.availableMemory() < freeMemoryBytesMin) {
      const reason = `less than ${formatBytes(freeMemoryBytesMin)} of memory are free`;
      this.#whyNone = reason;
      logger.info('appliance-not-kept', { reason });
      this.#startLater();
      return;
    }
    this.#count += 1;
    // Each its own: QEMU removes its socket at its end, and one that was taken may end after this began.
    const socketPath = join(stateDir, `appliance-${this.#count}.qmp`);
    const started = ReadyAppliance.start({
      ...{ socketPath, withMonitor, useKvm: accelerator === 'kvm', logger, clock },
    });
    this.#current = started;
    this.#isReady = false;
    void this.#giveUpWhenNotReady(started);
  }

  async #giveUpWhenNotReady(started: ReadyAppliance): Promise<void> {
    const isReady = await started.isReady;
    if (this.#current !== started) return;
    this.#isReady = isReady;
    if (isReady) return;
    this.#current = undefined;
    this.#whyNone = 'the last one did not start; the log of the launch host says why';
    await started.close();
    this.#startLater();
  }
}
