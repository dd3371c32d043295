/**
 * Whether a machine lives: each sign that is waited for is looked for at every look at the machine, until
 * one of them was seen. What was seen is kept, durably.
 *
 * A guest that starts does not answer, and to wait for that takes seconds: signs are looked for beside the
 * machine's turns, and only what was seen is recorded in one.
 */
import { join } from 'node:path';
import type { SignOfLife } from '@landfall/channel';
import { CONSOLE_LOG } from '@landfall/launch';
import { readTail } from '../machine/file-machine-store.ts';
import { type MachineContext, placeOf } from '../machine/machine-context.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import { httpAnswers } from './http-life.ts';
import { loginPromptIn } from './login-prompt.ts';
import { tcpAnswers } from './tcp-life.ts';

/** Who does not answer in time is asked again at the next look. */
const ANSWER_MS = 2000;
const CONSOLE_BYTES = 64 * 1024;

type Turn = (action: () => Promise<void>) => Promise<void>;

export class LifeWatch {
  #look: Promise<void> | undefined;

  /** Begins a look, unless one is under way. */
  look(context: MachineContext, inTurn: Turn): void {
    this.#look ??= lookOnce(context, inTurn).finally(() => {
      this.#look = undefined;
    });
  }

  /** Resolves when the look that is under way has ended. */
  async settled(): Promise<void> {
    await this.#look;
  }
}

async function lookOnce(context: MachineContext, inTurn: Turn): Promise<void> {
  const { phase, life, specification, startedAtMs } = context.record();
  const { machineId, signsOfLife: signs = [] } = specification;
  if (phase !== 'RUNNING' || life !== undefined || signs.length === 0) return;
  try {
    const details = await Promise.all(signs.map((sign) => lookFor(context, sign)));
    const seen = signs.flatMap((sign, index) => {
      const detail = details[index];
      return detail === undefined ? [] : [{ sign, detail }];
    });
    const [first] = seen;
    if (first === undefined) return;
    await inTurn(async () => {
      const now = context.record();
      // What was seen is of the boot that was looked at.
      if (now.phase === 'RUNNING' && now.startedAtMs === startedAtMs) await recordLife(context, first);
    });
  } catch (error) {
    context.services.logger.error('life-look-failed', { machineId, error });
  }
}

type SeenSign = Pick<NonNullable<MachineRecord['life']>, 'sign' | 'detail'>;

async function recordLife(context: MachineContext, { sign, detail }: SeenSign): Promise<void> {
  const { clock, logger } = context.services;
  const { machineId } = context.record().specification;
  logger.info('machine-lives', { machineId, ...sign, detail });
  await context.update({ life: { sign, detail, atMs: clock.nowMs() } });
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
