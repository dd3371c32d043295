/**
 * The rotation of encryption keys that was asked for last: `key-rotation.json` in the state folder. It is a
 * wish: whoever opens a journal, and every running server from time to time, sees to it that the journal has
 * a data key of that rotation.
 */
import { join } from 'node:path';
import { OperationError, readIfExists, writeDurably } from '@landfall/runtime';

const FILE_NAME = 'key-rotation.json';

/** `undefined` when none was ever asked for. Errors: STATE_UNREADABLE. */
export async function readRotationId(stateFolder: string): Promise<string | undefined> {
  const path = join(stateFolder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  const [, rotationId] = /^\{"rotationId":"([0-9a-f-]{36})"\}\n$/.exec(text) ?? [];
  if (rotationId !== undefined) return rotationId;
  throw new OperationError('STATE_UNREADABLE', `${path} is damaged`, {
    hint: 'delete the file and rotate the keys again',
  });
}

export async function writeRotationId(stateFolder: string, rotationId: string): Promise<void> {
  await writeDurably(join(stateFolder, FILE_NAME), `${JSON.stringify({ rotationId })}\n`);
}
