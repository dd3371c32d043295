/**
 * Whether the agent inside a guest answers. Source: QEMU, docs/interop/qemu-ga-ref, `guest-ping`. A guest
 * without an agent says nothing at all, so silence is an ordinary answer.
 */
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { after } from '@landfall/runtime';
import { GUEST_AGENT_SOCKET } from './launch-plan.ts';

const PING = `${JSON.stringify({ execute: 'guest-ping' })}\n`;
/** An answer is a few bytes; what a guest says beyond that is not one. */
const ANSWER_CHARACTERS_MAX = 64 * 1024;

/** Late answers to an earlier ping count: whoever gave them lived. */
export async function guestAgentAnswers(folder: string, timeoutMs: number): Promise<boolean> {
  const socket = createConnection({ path: join(folder, GUEST_AGENT_SOCKET) });
  socket.setEncoding('utf8');
  return await new Promise<boolean>((resolve) => {
    let heard = '';
    const end = (answered: boolean) => {
      cancel();
      socket.destroy();
      resolve(answered);
    };
    const cancel = after(timeoutMs, () => end(false));
    socket.on('connect', () => socket.write(PING));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.on('data', (text: string) => {
      heard += text;
      if (heard.split('\n').some(isAnswer)) end(true);
      else if (heard.length > ANSWER_CHARACTERS_MAX) end(false);
    });
  });
}

function isAnswer(line: string): boolean {
  return /^\s*\{\s*"return"\s*:\s*\{\s*\}\s*\}\s*$/.test(line);
}
