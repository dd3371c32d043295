import type { AllocationExtent, BlockDevice } from './block-device.ts';

export interface DeviceOperation {
  readonly kind: 'read' | 'allocation' | 'write' | 'writeZeroes' | 'flush';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Awaited before each operation: reject to make it fail, wait to make it slow, return to let it pass. */
export type Fault = (operation: DeviceOperation) => Promise<void> | void;

/** A device that fails or waits when its `fault` says so; otherwise the device it wraps. */
export class FaultyDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly #inner: BlockDevice;
  readonly #fault: Fault;

  constructor(inner: BlockDevice, fault: Fault) {
    this.sizeBytes = inner.sizeBytes;
    this.#inner = inner;
    this.#fault = fault;
  }

  async read(offsetBytes: number, target: Buffer): Promise<void> {
    await this.#fault({ kind: 'read', offsetBytes, lengthBytes: target.length });
    await this.#inner.read(offsetBytes, target);
  }

  async allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    await this.#fault({ kind: 'allocation', offsetBytes, lengthBytes });
    return this.#inner.allocation(offsetBytes, lengthBytes);
  }

  async write(offsetBytes: number, source: Buffer): Promise<void> {
    await this.#fault({ kind: 'write', offsetBytes, lengthBytes: source.length });
    await this.#inner.write(offsetBytes, source);
  }

  async writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    await this.#fault({ kind: 'writeZeroes', offsetBytes, lengthBytes });
    await this.#inner.writeZeroes(offsetBytes, lengthBytes);
  }

  async flush(): Promise<void> {
    await this.#fault({ kind: 'flush', offsetBytes: 0, lengthBytes: this.sizeBytes });
    await this.#inner.flush();
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }
}
