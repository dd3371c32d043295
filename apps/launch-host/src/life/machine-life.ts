/**
 * Whether a machine lives: each sign that is waited for is looked for at every look at the machine, until
 * one of them was seen. What was seen is kept, durably.
 */
import { join } from 'node:path';
import type { SignOfLife } from '@landfall/channel';
import { CONSOLE_LOG } from '@landfall/launch';
import { readTail } from '../machine/file-machine-store.ts';
import { type MachineContext, placeOf } from '../machine/machine-context.ts';
import { httpAnswers } from './http-life.ts';
import { loginPromptIn } from './login-prompt.ts';
import { tcpAnswers } from './tcp-life.ts';

/** Others wait for the look to end: who does not answer in time is asked again at the next. */
const ANSWER_MS = 2000;
const CONSOLE_BYTES = 64 * 1024;

export async function watchForLife(context: MachineContext): Promise<void> {
  const { phase, life, specification } = context.record();
  const signs = specification.signsOfLife ?? [];
  if (phase !== 'RUNNING' || life !== undefined || signs.length === 0) return;
  const details = await Promise.all(signs.map((sign) => lookFor(context, sign)));
  const seen = signs.flatMap((sign, index) => {
    const detail = details[index];
    return detail === undefined ? [] : [{ sign, detail }];
  });
  const [first] = seen;
  if (first === undefined) return;
  const { clock, logger } = context.services;
  logger.info('machine-lives', { machineId: specification.machineId, ...first.sign, detail: first.detail });
  await context.update({ life: { ...first, atMs: clock.nowMs() } });
}

/** What was seen of the sign; `undefined`: nothing yet. */
async function lookFor(context: MachineContext, sign: SignOfLife): Promise<string | undefined> {
  const { folder, services } = context;
  switch (sign.kind) {
    case 'LOGIN_PROMPT':
      return loginPromptIn(await readTail(join(folder, CONSOLE_LOG), CONSOLE_BYTES));
    case 'GUEST_AGENT':
      return (await services.host.agentAnswers(placeOf(context), ANSWER_MS))
        ? 'the guest agent answers'
        : undefined;
    case 'SCRIPT':
      return scriptEndedWell(context, sign.script) ? `the script ${sign.script} ended well` : undefined;
    case 'TCP':
    case 'HTTP': {
      const published = context.record().published.find(({ guestPort }) => guestPort === sign.port);
      if (published === undefined) return undefined;
      const { host = '127.0.0.1', hostPort: port } = published;
      const target = { host, port, timeoutMs: ANSWER_MS };
      return sign.kind === 'TCP'
        ? await tcpAnswers(target)
        : await httpAnswers({ ...target, path: sign.path });
    }
  }
}

/** As far as was read of its reports. */
function scriptEndedWell(context: MachineContext, name: string): boolean {
  const { specification, postLaunch = [] } = context.record();
  const script = specification.postLaunchScripts?.find((each) => each.name === name);
  return postLaunch.some(({ actionId, state }) => actionId === script?.actionId && state === 'SUCCEEDED');
}
