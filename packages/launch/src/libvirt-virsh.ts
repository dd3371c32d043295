/** virsh, asked one thing at a time; its words in the C locale. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationError, type RunResult, run } from '@landfall/runtime';

export type Virsh = (...parameters: readonly string[]) => Promise<string>;

export const LIBVIRT_URI_DEFAULT = 'qemu:///system';

const TIMEOUT_MS = 60_000;
/** What virsh says when libvirtd is not there, goes away, or does not answer. */
const NOT_THERE =
  /failed to connect to the hypervisor|Cannot recv data|End of file while reading|Disconnected from|client socket is closed|keepalive|Connection reset by peer/i;

/** Errors: HOST_UNREACHABLE, MACHINE_REFUSED with libvirt's own words, TOOL_MISSING. */
export function connectVirsh(uri: string): Virsh {
  return async (...parameters) => {
    const argv = ['virsh', '--quiet', '--connect', uri, ...parameters];
    const result = await run(argv, { timeoutMs: TIMEOUT_MS, env: { LC_ALL: 'C' } });
    if (result.exitCode === 0) return result.stdout.trim();
    throw describeFailure(uri, parameters, result);
  };
}

/** What it reads and writes only as a file: there while `use` is at work. */
export async function withFile<Result>(
  text: string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-virsh-'));
  try {
    const path = join(folder, 'file');
    await writeFile(path, text);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function describeFailure(uri: string, parameters: readonly string[], result: RunResult): OperationError {
  const said = (result.stderr.trim() || result.stdout.trim()).replaceAll(/^error: /gm, '').slice(-1500);
  if (result.timedOut || NOT_THERE.test(said)) {
    const why = result.timedOut ? `no answer in ${TIMEOUT_MS} ms` : said;
    return new OperationError('HOST_UNREACHABLE', `libvirtd does not answer at ${uri}: ${why}`, {
      hint: 'start libvirtd, and check --libvirt-uri of the launch host; it goes on by itself',
      retryable: true,
    });
  }
  const command = parameters[0] ?? '';
  return new OperationError('MACHINE_REFUSED', `libvirt refused ${command}: ${said}`, {
    hint: 'the machine goes on as it is; look at its log in /var/log/libvirt/qemu for the reason',
    context: { command },
  });
}
