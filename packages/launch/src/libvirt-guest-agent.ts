/**
 * Whether the agent inside a guest answers, asked through libvirt, which is the only one its channel is
 * connected to.
 */
import { OperationError } from '@landfall/runtime';
import type { Virsh } from './libvirt-virsh.ts';

const PING = JSON.stringify({ execute: 'guest-ping' });

/** libvirt refuses at once where nothing in the guest has opened the channel. */
export async function agentAnswersVirsh(virsh: Virsh, name: string, timeoutMs: number): Promise<boolean> {
  const timeout = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
  try {
    return /"return"/.test(await virsh('qemu-agent-command', name, '--timeout', timeout, PING));
  } catch (error) {
    if (error instanceof OperationError && error.code !== 'TOOL_MISSING') return false;
    throw error;
  }
}
