/** What an extent must be before the journal takes it: the sender's mistakes and the network's end here. */
import { CODEC_RAW, type Extent, type ExtentHeader, payloadChecksum } from '@landfall/block';
import { OperationError } from '@landfall/runtime';
import { epochRefused } from '../journal-errors.ts';
import { EXTENT_BYTES_MAX } from './segment-records.ts';

/** The disk, when the range is on it. Errors: EPOCH_REFUSED. */
export function checkRange<Disk extends { readonly sizeBytes: number }>(
  disks: readonly Disk[],
  diskIndex: number,
  range: Extent,
): Disk {
  const disk = disks[diskIndex];
  const { offsetBytes, lengthBytes } = range;
  const context = { diskIndex, offsetBytes, lengthBytes, disks: disks.length };
  if (disk === undefined) throw epochRefused(`the journal has no disk ${diskIndex}`, context);
  const whole = Number.isSafeInteger(offsetBytes) && Number.isSafeInteger(lengthBytes);
  if (whole && offsetBytes >= 0 && lengthBytes > 0 && offsetBytes + lengthBytes <= disk.sizeBytes)
    return disk;
  const where = `[${offsetBytes}, +${lengthBytes})`;
  throw epochRefused(`disk ${diskIndex} of ${disk.sizeBytes} bytes has no range ${where}`, context);
}

/** Its lengths, not yet its bytes. Errors: EPOCH_REFUSED. */
export function checkLengths(header: ExtentHeader, payload: Buffer): void {
  const { diskIndex, offsetBytes, lengthBytes, codec } = header;
  const context = { diskIndex, offsetBytes, lengthBytes, payloadBytes: payload.length };
  const plausible = payload.length > 0 && (codec !== CODEC_RAW || payload.length === lengthBytes);
  if (plausible && Math.max(lengthBytes, payload.length) <= EXTENT_BYTES_MAX) return;
  throw epochRefused(`an extent of ${lengthBytes} bytes cannot have a payload of ${payload.length}`, context);
}

/** Errors: EXTENT_DAMAGED. */
export function checkPayload(header: ExtentHeader, payload: Buffer): void {
  if (payloadChecksum(payload) !== header.checksum) throw receivedDamaged(header);
}

export function receivedDamaged({ diskIndex, offsetBytes, lengthBytes }: ExtentHeader): OperationError {
  return new OperationError(
    'EXTENT_DAMAGED',
    `an extent arrived damaged: disk ${diskIndex}, ${lengthBytes} bytes at ${offsetBytes}`,
    {
      hint: 'the agent sends it again by itself; if this repeats, check the memory of the source server',
      retryable: true,
      context: { diskIndex, offsetBytes, lengthBytes },
    },
  );
}
