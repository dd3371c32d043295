/**
 * Files of a guest brought to this host, whole. What a guest has in the place of a file is anybody's: a
 * device, a pipe, a sparse file of any size. So the appliance is asked first.
 */
import { readFile, rm } from 'node:fs/promises';
import { parseStatuses } from '../files/guest-entry.ts';
import type { GuestfsSession } from './guestfs-session.ts';

export interface DownloadRequest {
  /** Links are followed inside the guest. */
  readonly path: string;
  /** A file here, written over. */
  readonly local: string;
  readonly bytesMax: number;
}

/** The reason why there is none; nothing when it is there. */
export async function downloadFile(
  session: GuestfsSession,
  { path, local, bytesMax }: DownloadRequest,
): Promise<string | undefined> {
  const refusal = await refusalOf(session, path, bytesMax);
  if (refusal !== undefined) return refusal;
  return (await session.attempt('download', path, local)).error;
}

/** `undefined` when it cannot be had. */
export async function downloadText(
  session: GuestfsSession,
  request: DownloadRequest,
): Promise<string | undefined> {
  try {
    if ((await downloadFile(session, request)) !== undefined) return undefined;
    return await readFile(request.local, 'utf8');
  } finally {
    await rm(request.local, { force: true });
  }
}

/** Why a file of the guest is not for us. */
export async function refusalOf(
  session: GuestfsSession,
  path: string,
  bytesMax: number,
): Promise<string | undefined> {
  const { output, error } = await session.attempt('statns', path);
  if (error !== undefined) return error;
  const [status] = parseStatuses(output);
  if (status?.kind !== 'FILE') return 'it is no plain file';
  return status.sizeBytes > bytesMax ? `${status.sizeBytes} bytes are more than ${bytesMax}` : undefined;
}
