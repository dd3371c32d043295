/**
 * A command as the line that guestfish reads.
 *
 * guestfish reads a script with fgets into 8192 bytes: what of a line is longer than 8191 bytes with its end
 * it takes for the next command, and one that begins with `!` is run by a shell on this host. Words come out
 * of guests, whose names and files are anybody's: a line that would be longer is not written at all.
 */

/** Text, or bytes as they are: names in a guest need not be UTF-8. */
export type CommandWord = string | Buffer;

/** Without its end. */
export const LINE_BYTES_MAX = 8190;
const LINE_END = 0x0a;
const PLAIN_WORD = /^[a-z][a-z0-9-]*$/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\t': '\\t' };

/** Prefixed with `-`: an error does not end the script. `undefined`: guestfish cannot be told this. */
export function commandLine(words: readonly CommandWord[]): Buffer | undefined {
  const quoted = words.map(quoteWord);
  if (quoted.some((word) => word === undefined)) return undefined;
  const line = Buffer.from(`-${quoted.join(' ')}\n`, 'latin1');
  return line.length - 1 > LINE_BYTES_MAX || line.indexOf(LINE_END) !== line.length - 1 ? undefined : line;
}

/**
 * A character for each byte. guestfish takes C-like escapes inside double quotes, and every other byte as it
 * is, but NUL, which cannot be said.
 */
export function quoteWord(word: CommandWord): string | undefined {
  const text = (typeof word === 'string' ? Buffer.from(word) : word).toString('latin1');
  if (text.includes('\0')) return undefined;
  return PLAIN_WORD.test(text) ? text : `"${text.replace(/[^ !#-[\]-~\u0080-\u00ff]/g, escaped)}"`;
}

function escaped(character: string): string {
  return ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
