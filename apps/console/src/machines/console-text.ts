/**
 * What a serial console wrote, as lines to read: colours and cursor movements of a terminal left out, and a
 * line that was written over shown as it was last. Pure.
 */
const ESCAPE = String.fromCharCode(0x1b);
const BELL = String.fromCharCode(0x07);
/** ECMA-48: control sequences, operating system commands, and the escapes of one or two characters. */
const SEQUENCES = new RegExp(
  [
    `${ESCAPE}\\[[0-?]*[ -/]*[@-~]`,
    `${ESCAPE}\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)`,
    `${ESCAPE}[ -/]*[0-~]`,
  ].join('|'),
  'g',
);
const SPACE = 0x20;
const DELETE = 0x7f;

export function plainConsoleText(raw: string): string {
  const lines = raw.replace(SEQUENCES, '').replace(/\r+\n/g, '\n').split('\n');
  return lines.map(lastWritten).join('\n').trimEnd();
}

/** A carriage return goes back to the beginning of the line. */
function lastWritten(line: string): string {
  const written = line.split('\r').filter((part) => part !== '');
  return [...(written.at(-1) ?? '')].filter(isPrintable).join('');
}

function isPrintable(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return character === '\t' || (code >= SPACE && code !== DELETE);
}
