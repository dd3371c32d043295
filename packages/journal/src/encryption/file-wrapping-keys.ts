/**
 * Wrapping keys in a file: one a line, the one that wraps first, `#` begins a comment. The file is read
 * whenever a key is needed, so a key that was put in is used at once.
 */
import { OperationError, type Random, readIfExists, systemRandom, writeDurably } from '@landfall/runtime';
import { keyMissing, LocalWrappingKeys, parseWrappingKeys, WRAPPING_KEY_BYTES } from './wrapping-keys.ts';

const FILE_MODE = 0o600;
const HEAD = `# Landfall opens the replicas of its staging area with these keys. Keep a copy where the replicas are not:
# without the key nobody can read them. The first one is used for what is new; remove none that is in use.
`;

export function fileWrappingKeys(path: string, random: Random = systemRandom): LocalWrappingKeys {
  const load = async () => {
    const text = await readKeyFile(path);
    if (text === undefined) throw keyMissing(`there is no key file ${path}`);
    return parseWrappingKeys(text, path);
  };
  return new LocalWrappingKeys(path, load, random);
}

/** Makes the file, with a new key, when there is none; resolves to whether it did. */
export async function createKeyFile(path: string, random: Random = systemRandom): Promise<boolean> {
  if ((await readKeyFile(path)) !== undefined) return false;
  await writeDurably(path, `${HEAD}${newKeyLine(random)}`, FILE_MODE);
  return true;
}

/** A new key, used from now on; those there are stay for what was wrapped with them. */
export async function addKeyToFile(path: string, random: Random = systemRandom): Promise<void> {
  const text = await readKeyFile(path);
  if (text === undefined) throw keyMissing(`there is no key file ${path}`);
  parseWrappingKeys(text, path);
  const lines = text.split('\n');
  const firstKey = lines.findIndex((line) => line.replace(/#.*/, '').trim() !== '');
  const at = firstKey < 0 ? lines.length : firstKey;
  const next = [...lines.slice(0, at), newKeyLine(random).trimEnd(), ...lines.slice(at)].join('\n');
  await writeDurably(path, next.endsWith('\n') ? next : `${next}\n`, FILE_MODE);
}

function newKeyLine(random: Random): string {
  return `${random.bytes(WRAPPING_KEY_BYTES).toString('hex')}\n`;
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    return await readIfExists(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OperationError('ENCRYPTION_KEY_MISSING', `the key file ${path} cannot be read: ${reason}`, {
      hint: 'check its permissions and the file system it is on',
      cause,
    });
  }
}
