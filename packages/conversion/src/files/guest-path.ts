/** Paths inside a guest: bytes, because Linux takes any but NUL and the slash as a name. */
import { OperationError } from '@landfall/runtime';

const PATH_BYTES_MAX = 4095;
const SLASH = 0x2f;

/**
 * Absolute, without empty parts, `.` and `..`: what is above the root is the root. Errors:
 * FILES_PATH_INVALID.
 */
export function normalizeGuestPath(path: Buffer): Buffer {
  if (path[0] !== SLASH) throw invalid('it does not begin with a slash');
  if (path.includes(0)) throw invalid('it contains a NUL');
  if (path.length > PATH_BYTES_MAX) throw invalid(`it is longer than ${PATH_BYTES_MAX} bytes`);
  const parts: string[] = [];
  for (const part of path.toString('latin1').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return Buffer.from(`/${parts.join('/')}`, 'latin1');
}

export function joinGuestPath(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from(folder.at(-1) === SLASH ? '' : '/'), name]);
}

/** The last part; of the root, the root. */
export function baseNameOf(path: Buffer): Buffer {
  return path.length === 1 ? path : path.subarray(path.lastIndexOf(SLASH) + 1);
}

function invalid(why: string): OperationError {
  return new OperationError('FILES_PATH_INVALID', `this is no path inside a guest: ${why}`, {
    hint: 'give it from the root of the guest on, like /etc/hosts',
  });
}
