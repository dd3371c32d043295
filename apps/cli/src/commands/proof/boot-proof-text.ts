/** Signs of life as they are written on a command line. */
import type { Landfall } from '@landfall/api';
import { OperationError } from '@landfall/runtime';

/** `login`, `agent`, `tcp:22`, `http:80/path`, `script:NAME`. */
export function signText({ kind, port, path, script }: Landfall.SignOfLife): string {
  if (kind === 'LOGIN_PROMPT') return 'login';
  if (kind === 'GUEST_AGENT') return 'agent';
  if (kind === 'SCRIPT') return `script:${script}`;
  return kind === 'TCP' ? `tcp:${port}` : `http:${port}${path ?? '/'}`;
}

/** Several with commas between them. Errors: OPTION_INVALID. */
export function parseSigns(text: string): readonly Landfall.SignOfLife[] {
  return text.split(',').map((each) => parseSign(each.trim()));
}

function parseSign(text: string): Landfall.SignOfLife {
  if (text === 'login') return { kind: 'LOGIN_PROMPT' };
  if (text === 'agent') return { kind: 'GUEST_AGENT' };
  const [, script] = /^script:([A-Za-z0-9/:_.-]{3,172})$/.exec(text) ?? [];
  if (script !== undefined) return { kind: 'SCRIPT', script };
  const [, kind, digits, path] = /^(tcp|http):([0-9]{1,5})(\/[!-~]*)?$/.exec(text) ?? [];
  const port = Number(digits);
  if (port >= 1 && port <= 65_535) {
    if (kind === 'tcp' && path === undefined) return { kind: 'TCP', port };
    if (kind === 'http') return { kind: 'HTTP', port, path: path ?? '/' };
  }
  throw new OperationError('OPTION_INVALID', `${text} is no sign of life`, {
    hint: 'give login, agent, tcp:PORT, http:PORT/PATH or script:NAME, several with commas between them',
  });
}
