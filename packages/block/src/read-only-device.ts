import type { AllocationExtent, BlockDevice, ReadableBlockDevice } from './block-device.ts';

/**
 * Whether a device takes writes. A device that must not be written is one without the methods, not one with
 * a flag.
 */
export function isWritable(device: ReadableBlockDevice): device is BlockDevice {
  return 'write' in device && 'writeZeroes' in device && 'flush' in device;
}

/** A device without its writing methods. */
export class ReadOnlyDevice implements ReadableBlockDevice {
  readonly sizeBytes: number;
  readonly #inner: ReadableBlockDevice;

  constructor(inner: ReadableBlockDevice) {
    this.sizeBytes = inner.sizeBytes;
    this.#inner = inner;
  }

  read(offsetBytes: number, target: Buffer): Promise<void> {
    return this.#inner.read(offsetBytes, target);
  }

  allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    return this.#inner.allocation(offsetBytes, lengthBytes);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
