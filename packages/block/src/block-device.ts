/**
 * The one contract every disk, view, overlay and export satisfies. Offsets and lengths are bytes and safe
 * integers; a request outside [0, sizeBytes) is a programmer error. Everything else wraps it: faults,
 * throttles, logs.
 */
export interface ReadableBlockDevice {
  readonly sizeBytes: number;
  /** Fills `target` completely from `offsetBytes`, or rejects. */
  read(offsetBytes: number, target: Buffer): Promise<void>;
  /**
   * What is known to be zero, in order and without gaps over [offsetBytes, offsetBytes + lengthBytes).
   * A device that knows nothing answers one extent with `zero: false`.
   */
  allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]>;
  close(): Promise<void>;
}

export interface BlockDevice extends ReadableBlockDevice {
  /** Returns when the device has the bytes; durable only after `flush`. */
  write(offsetBytes: number, source: Buffer): Promise<void>;
  writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void>;
  /** Everything written before is durable when this resolves. */
  flush(): Promise<void>;
}

export interface AllocationExtent {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** True: reads as zeroes and takes no space. */
  readonly zero: boolean;
}
