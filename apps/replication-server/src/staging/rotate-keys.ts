/** `main.ts rotate-keys`: new keys from now on. A server that runs takes them on by itself. */
import { addKeyToFile, type KeySource } from '@landfall/journal';
import { systemRandom } from '@landfall/runtime';
import { writeRotationId } from './file-key-rotation.ts';

export interface RotateKeysOptions {
  readonly stateFolder: string;
  readonly keySources: readonly KeySource[];
}

/** Resolves to what was done, for people. Errors: ENCRYPTION_KEY_MISSING, ENCRYPTION_KEY_INVALID. */
export async function rotateKeys({ stateFolder, keySources }: RotateKeysOptions): Promise<string> {
  const [source] = keySources;
  const isFile = source?.kind === 'file';
  if (isFile) await addKeyToFile(source.name);
  await writeRotationId(stateFolder, systemRandom.uuid());
  const wrapping = isFile
    ? `${source.name} has a new key before those it had: copy the file to where its backup is.\n`
    : '';
  return `${wrapping}Every journal gets a new data key for its new files, within a minute if the server runs.\n`;
}
