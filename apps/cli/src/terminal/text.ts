/** Text of others (host names, reasons) on somebody's terminal. */

/** Control characters as `\xNN`: none of them may move a cursor or begin a line that is not ours. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
  });
}

/** At most so many characters, the last an ellipsis where some are left out. */
export function shorten(text: string, lengthMax: number): string {
  const characters = [...text];
  if (characters.length <= lengthMax) return text;
  return `${characters.slice(0, Math.max(0, lengthMax - 1)).join('')}…`;
}
