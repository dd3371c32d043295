/**
 * Names of a guest on a terminal: bytes, of which some are no text, and some would move the cursor. Those are
 * shown as `\n`, `\t`, `\\` and `\xNN`, and can be given that way with --escaped.
 */
import { OperationError } from '@landfall/runtime';

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\' };
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/u;

export function showName(name: Buffer): string {
  let shown = '';
  for (let start = 0; start < name.length; ) {
    const character = characterAt(name, start);
    const bytes = name.subarray(start, start + (character === undefined ? 1 : Buffer.byteLength(character)));
    const isPlain = character !== undefined && !UNSHOWN.test(character);
    shown += isPlain ? character : (NAMED[character ?? ''] ?? hexOf(bytes));
    start += bytes.length;
  }
  return shown;
}

/** The inverse. Errors: FILES_PATH_INVALID. */
export function readName(shown: string): Buffer {
  const parts = [...shown.matchAll(/\\x([0-9a-fA-F]{2})|\\([ntr\\])|([^\\])|(\\)/gsu)].map((match) => {
    const [, hex, named, plain] = match;
    if (hex !== undefined) return Buffer.from(hex, 'hex');
    if (named !== undefined) return Buffer.from({ n: '\n', t: '\t', r: '\r' }[named] ?? '\\');
    if (plain !== undefined) return Buffer.from(plain);
    throw new OperationError('FILES_PATH_INVALID', `a lone backslash is in ${shown}`, {
      hint: 'with --escaped a backslash is \\\\, and any byte \\xNN',
    });
  });
  return Buffer.concat(parts);
}

/** The character whose UTF-8 begins here; nothing when none does. */
function characterAt(name: Buffer, start: number): string | undefined {
  for (let length = 1; length <= 4 && start + length <= name.length; length += 1) {
    const text = name.toString('utf8', start, start + length);
    if (!text.includes('\ufffd') || name.subarray(start, start + length).equals(REPLACEMENT)) return text;
  }
  return undefined;
}

const REPLACEMENT = Buffer.from('\ufffd');

function hexOf(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
