/** Reads whose bytes are looked at and given back, so that a device may lend what it has in memory. */
import type { BufferPool } from '@landfall/runtime';
import type { DeviceRange, ReadableBlockDevice, UseBytes } from './block-device.ts';

/** As the device can: bytes of its own, or read into a buffer of the pool. */
export function readLent<Result>(
  device: ReadableBlockDevice,
  range: DeviceRange,
  pool: BufferPool,
  use: UseBytes<Result>,
): Promise<Result> {
  return device.readLent?.(range, pool, use) ?? readPooled(device, range, pool, use);
}

/** Into a buffer of the pool, whatever the device could lend. */
export function readPooled<Result>(
  device: Pick<ReadableBlockDevice, 'read'>,
  { offsetBytes, lengthBytes }: DeviceRange,
  pool: BufferPool,
  use: UseBytes<Result>,
): Promise<Result> {
  return pool.lend(lengthBytes, async (bytes) => {
    await device.read(offsetBytes, bytes);
    return await use(bytes);
  });
}
