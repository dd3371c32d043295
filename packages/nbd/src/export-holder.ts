/**
 * The export a handshake is about: opened at most once while the client asks about it, closed when it is
 * left.
 */
import type { BlockDevice, ReadableBlockDevice } from '@landfall/block';
import { describeError, type Logger } from '@landfall/runtime';

/** What a server offers. */
export interface NbdExports {
  list(): Promise<string[]>;
  /**
   * A device for one connection, which closes it; `undefined` when there is no such export. A device
   * without writing methods is exported read-only. The protocol's default export has the empty name.
   */
  open(exportName: string): Promise<ReadableBlockDevice | BlockDevice | undefined>;
}

export class ExportHolder {
  readonly exports: NbdExports;
  readonly #logger: Logger;
  #held: { readonly exportName: string; readonly device: ReadableBlockDevice } | undefined;

  constructor(exports: NbdExports, logger: Logger) {
    this.exports = exports;
    this.#logger = logger;
  }

  /** The device, or for the client one sentence on why there is none. */
  async tryOpen(exportName: string): Promise<ReadableBlockDevice | string> {
    try {
      const device = await this.#open(exportName);
      return device ?? `there is no export named ${JSON.stringify(exportName)}`;
    } catch (error) {
      this.#logger.warn('nbd-export-not-opened', { exportName, error });
      return `the export ${JSON.stringify(exportName)} cannot be opened: ${describeError(error)}`;
    }
  }

  async close(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.device.close();
  }

  async #open(exportName: string): Promise<ReadableBlockDevice | undefined> {
    if (this.#held?.exportName === exportName) return this.#held.device;
    await this.close();
    const device = await this.exports.open(exportName);
    if (device !== undefined) this.#held = { exportName, device };
    return device;
  }
}
