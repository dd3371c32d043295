/**
 * Files of a guest brought to this host, whole. What a guest has in the place of a file is anybody's: a
 * device, a pipe, a sparse file of any size. So the appliance is asked first.
 *
 * By `pread`, not `download`: what may name a device as well has the appliance wait for udev twice for each
 * file, which is most of the time that an inspection would take.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import { MIB } from '@landfall/runtime';
import { parseStatuses } from '../files/guest-entry.ts';
import type { GuestfsSession } from './guestfs-session.ts';

export interface GuestFileRequest {
  /** Links are followed inside the guest. */
  readonly path: string;
  readonly bytesMax: number;
}

export type GuestFileContent = { readonly bytes: Buffer } | { readonly refusal: string };

/** An answer of the appliance has to be below 4 MiB. */
const PIECE_BYTES = 2 * MIB;

/** `refusal`: the reason why it cannot be had. */
export async function readGuestFile(
  session: GuestfsSession,
  request: GuestFileRequest,
): Promise<GuestFileContent> {
  const pieces: Buffer[] = [];
  const refusal = await readPieces(session, request, (piece) => void pieces.push(piece));
  return refusal === undefined ? { bytes: Buffer.concat(pieces) } : { refusal };
}

/** `undefined` when it cannot be had. */
export async function readGuestText(
  session: GuestfsSession,
  request: GuestFileRequest,
): Promise<string | undefined> {
  const content = await readGuestFile(session, request);
  return 'bytes' in content ? content.bytes.toString('utf8') : undefined;
}

/** Into a file here, written over. The reason why it cannot be had; nothing when it is there. */
export async function copyGuestFile(
  session: GuestfsSession,
  { local, ...request }: GuestFileRequest & { readonly local: string },
): Promise<string | undefined> {
  await writeFile(local, '');
  return await readPieces(session, request, (piece) => appendFile(local, piece));
}

async function readPieces(
  session: GuestfsSession,
  { path, bytesMax }: GuestFileRequest,
  take: (piece: Buffer) => Promise<void> | void,
): Promise<string | undefined> {
  const status = await statusOf(session, path, bytesMax);
  if ('refusal' in status) return status.refusal;
  for (let offset = 0; offset < status.sizeBytes; ) {
    const words = ['pread', path, String(PIECE_BYTES), String(offset)];
    const { bytes, error } = await session.attempt(...words);
    if (error !== undefined) return error;
    if (bytes.length === 0) return `it ends at ${offset} of ${status.sizeBytes} bytes`;
    await take(bytes);
    offset += bytes.length;
  }
  return undefined;
}

/** Its size, or why it is not for us. */
async function statusOf(
  session: GuestfsSession,
  path: string,
  bytesMax: number,
): Promise<{ readonly sizeBytes: number } | { readonly refusal: string }> {
  const { output, error } = await session.attempt('statns', path);
  if (error !== undefined) return { refusal: error };
  const [status] = parseStatuses(output);
  if (status?.kind !== 'FILE') return { refusal: 'it is no plain file' };
  const { sizeBytes } = status;
  return sizeBytes > bytesMax ? { refusal: `${sizeBytes} bytes are more than ${bytesMax}` } : { sizeBytes };
}
