/** Texts written into a guest, whole. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine } from './guestfs-line.ts';
import type { GuestfsSession } from './guestfs-session.ts';

export interface GuestTextRequest {
  readonly path: string;
  readonly text: string;
  /** For the file that a text goes by which guestfish cannot be told in a line. */
  readonly workFolder: string;
}

/** Keeps owner and mode of a file that was there. Errors: APPLIANCE_FAILED. */
export async function writeGuestText(
  session: GuestfsSession,
  { path, text, workFolder }: GuestTextRequest,
): Promise<void> {
  const words = ['write', path, text];
  // As `download` does, `upload` waits for udev.
  if (commandLine(words) !== undefined) return void (await session.must(...words));
  const local = join(workFolder, 'outgoing');
  await writeFile(local, text);
  await session.must('upload', local, path);
  await rm(local);
}
