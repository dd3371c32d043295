/**
 * Flushing a disk of a domain (H6). libvirt has no command for it that lets the guest go on, so QEMU's
 * monitor is asked through libvirt.
 */
import { OperationError } from '@landfall/runtime';
import type { Virsh } from './libvirt-virsh.ts';
import { flushingReopen, syncFile } from './qemu-hydration.ts';

interface NamedNode {
  readonly 'node-name': string;
  readonly drv: string;
  readonly file: string;
}

/**
 * Of an overlay that has no backing any more, of a domain that has no job (L2: its nodes are listed). Returns
 * why it could not be.
 */
export async function flushDisk(virsh: Virsh, domain: string, path: string): Promise<string | undefined> {
  await syncFile(path);
  const ask = async (execute: string, parameters: Readonly<Record<string, unknown>>) => {
    const question = JSON.stringify({ execute, arguments: parameters });
    return parseAnswer(execute, await virsh('qemu-monitor-command', domain, question));
  };
  try {
    const nodes = (await ask('query-named-block-nodes', { flat: true })) as readonly NamedNode[];
    const { overlay, file } = nodesOf(nodes, path);
    await ask('blockdev-reopen', flushingReopen(overlay, file));
    return undefined;
  } catch (error) {
    if (error instanceof OperationError && error.code === 'MACHINE_REFUSED') return error.message;
    throw error;
  }
}

/** By the names that libvirt gave them. Errors: MACHINE_REFUSED. */
export function nodesOf(
  nodes: readonly NamedNode[],
  path: string,
): { readonly overlay: string; readonly file: string } {
  const named = (driver: string) => nodes.find(({ drv, file }) => drv === driver && file === path);
  const [overlay, file] = [named('qcow2'), named('file')];
  if (overlay === undefined || file === undefined) throw refused(`QEMU has no node of ${path}`);
  return { overlay: overlay['node-name'], file: file['node-name'] };
}

/** libvirt hands QEMU's answer through, also one that is a refusal. Errors: MACHINE_REFUSED. */
export function parseAnswer(command: string, text: string): unknown {
  const answer: { readonly return?: unknown; readonly error?: { readonly desc: string } } = JSON.parse(text);
  if (answer.error !== undefined) throw refused(`QEMU refused ${command}: ${answer.error.desc}`);
  return answer.return;
}

function refused(message: string): OperationError {
  return new OperationError('MACHINE_REFUSED', message, {
    hint: 'the machine goes on as it is; look at its log in /var/log/libvirt/qemu for the reason',
  });
}
