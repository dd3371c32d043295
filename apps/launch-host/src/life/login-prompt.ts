/** The login prompt on a serial console, as getty writes it: name of the host and `login:`. Pure. */

const ESCAPES = new RegExp(`${String.fromCharCode(27)}(?:\\[[0-9;?]*[A-Za-z]|[()][A-Za-z0-9])`, 'g');
const PROMPT = /^(?!Last )([\w.-]+) login:(?: |$)/;

/** The line with the prompt; a message of the kernel may stand behind it. */
export function loginPromptIn(console: string): string | undefined {
  const lines = console.replace(ESCAPES, '').split(/\r\n|\r|\n/);
  return lines.find((line) => PROMPT.test(line))?.trim();
}
