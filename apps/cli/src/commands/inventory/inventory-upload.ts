/** What a file of this machine must be to be put into a bucket. Pure. */
import { OperationError } from '@landfall/runtime';

/** What the body of a request holds, with room for the names around the text. */
const CONTENT_BYTES_MAX = 1024 * 1024 - 4096;

/** Errors: INVENTORY_FILE_UNUSABLE. */
export function inventoryText(path: string, bytes: Uint8Array): string {
  if (bytes.length === 0) throw unusable(`${path} is empty`, 'give a CSV file with a header');
  const text = decode(path, bytes);
  const sentBytes = Buffer.byteLength(JSON.stringify(text));
  if (sentBytes <= CONTENT_BYTES_MAX) return text;
  throw unusable(
    `${path} takes ${sentBytes} bytes to send; at most ${CONTENT_BYTES_MAX} can be`,
    'import it in several parts, or put it into the bucket where the control plane runs and say `landfall import start`',
  );
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw unusable(`${path} is not UTF-8`, 'save it as CSV UTF-8', cause);
  }
}

/** One of its own, so that what was imported once can be looked at later. Errors: INVENTORY_FILE_UNUSABLE. */
export function uploadKey(fileName: string, nowMs: number): string {
  if (!/^.+\.csv$/i.test(fileName)) throw unusable(`${fileName} is no name of a CSV file`, 'end it in .csv');
  const time = new Date(nowMs).toISOString().replaceAll(':', '-');
  return `uploads/${time}/${fileName.replace(/\.csv$/i, '.csv')}`;
}

function unusable(message: string, hint: string, cause?: unknown): OperationError {
  return new OperationError('INVENTORY_FILE_UNUSABLE', message, { hint, cause });
}
