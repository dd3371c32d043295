/** Whether a web server answers with what is no error. */
import { request } from 'node:http';
import { after } from '@landfall/runtime';
import type { LifeTarget } from './tcp-life.ts';

const STATUS_ERROR_MIN = 400;

/** Its status, below 400; `undefined`: an error, or nothing in time. */
export async function httpAnswers(
  target: LifeTarget & { readonly path: string },
): Promise<string | undefined> {
  const { host, port, path, timeoutMs } = target;
  return await new Promise<string | undefined>((resolve) => {
    const asked = request({ host, port, path, agent: false });
    const end = (status: number | undefined) => {
      cancel();
      asked.destroy();
      resolve(status === undefined || status >= STATUS_ERROR_MIN ? undefined : `${path} answers ${status}`);
    };
    const cancel = after(timeoutMs, () => end(undefined));
    asked.on('error', () => end(undefined));
    asked.once('response', ({ statusCode }) => end(statusCode));
    asked.end();
  });
}
