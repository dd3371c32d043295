/** What an extent must be before the journal takes it: the sender's mistakes and the network's end here. */
import { CODEC_RAW, type Extent, type ExtentHeader, payloadChecksum } from '@landfall/block';
import { epochRefused, extentDamaged } from './journal-errors.ts';
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

/** Errors: EPOCH_REFUSED, EXTENT_DAMAGED. */
export function checkExtent(header: ExtentHeader, payload: Buffer): void {
  const { diskIndex, offsetBytes, lengthBytes, codec, checksum } = header;
  const context = { diskIndex, offsetBytes, lengthBytes, payloadBytes: payload.length };
  const plausible = payload.length > 0 && (codec !== CODEC_RAW || payload.length === lengthBytes);
  if (!plausible || Math.max(lengthBytes, payload.length) > EXTENT_BYTES_MAX) {
    throw epochRefused(
      `an extent of ${lengthBytes} bytes cannot have a payload of ${payload.length}`,
      context,
    );
  }
  if (payloadChecksum(payload) === checksum) return;
  const what = 'it arrived with a checksum that does not match';
  throw extentDamaged({ diskIndex, offsetBytes, lengthBytes, path: 'received', positionBytes: 0, what });
}
