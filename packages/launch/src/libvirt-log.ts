/** What libvirt writes down of a domain. */
import { open } from 'node:fs/promises';
import { systemErrorCode } from '@landfall/runtime';

export const LOG_FOLDER = '/var/log/libvirt/qemu';
const LOG_TAIL_BYTES = 2000;

/** Empty when there is none. */
export async function readLogTail(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, LOG_TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
