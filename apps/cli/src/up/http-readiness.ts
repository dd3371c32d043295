/** Whether the control plane says that it can work, asked like a probe. */
import { request } from 'node:https';
import { readCredentials } from '../credentials.ts';

const ANSWER_MS_MAX = 5000;

/** `undefined`: not yet. */
export async function askReadiness(stateDir: string): Promise<true | undefined> {
  const { endpoint, caPem } = await readCredentials(stateDir);
  const status = await statusOf(new URL('/readyz', endpoint), caPem);
  return status === 200 ? true : undefined;
}

/** 0: there was no answer. */
function statusOf(url: URL, caPem: string | undefined): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(url, { ca: caPem, agent: false, timeout: ANSWER_MS_MAX }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(0));
    asked.end();
  });
}
