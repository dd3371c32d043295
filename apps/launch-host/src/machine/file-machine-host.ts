/** The machine host this program was told to use. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Accelerator,
  LibvirtHost,
  MACHINE_HOSTS,
  type MachineHost,
  type MachineHostKind,
  parseQemuNetworks,
  QemuHost,
} from '@landfall/launch';
import { type Clock, type Logger, OperationError, retry } from '@landfall/runtime';

export interface HostChoice {
  readonly kind: MachineHostKind;
  readonly libvirtUri?: string;
  /** File that names the networks of QEMU. */
  readonly networksFile?: string;
}

export interface HostSurroundings {
  readonly stateDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Without it, found out by a trial. */
  readonly accelerator?: Accelerator;
}

/** A libvirtd that starts at the same time as we do is waited for: some four minutes. */
const OPEN_ATTEMPTS_MAX = 30;

/** Errors: USAGE. */
export function chooseHost(
  kind: string | undefined,
  others: { readonly libvirtUri: string | undefined; readonly networksFile: string | undefined },
): HostChoice {
  const known = MACHINE_HOSTS.find((each) => each === (kind ?? 'qemu'));
  if (known === undefined) throw usage(`--host is ${MACHINE_HOSTS.join(' or ')}, not ${kind}`);
  const { libvirtUri, networksFile } = others;
  if (known === 'qemu' && libvirtUri !== undefined) throw usage('--libvirt-uri goes with --host libvirt');
  if (known === 'libvirt' && networksFile !== undefined) throw usage('--networks goes with --host qemu');
  return {
    kind: known,
    ...(libvirtUri === undefined ? {} : { libvirtUri }),
    ...(networksFile === undefined ? {} : { networksFile }),
  };
}

/** Resolves when the host answers. Errors: NETWORKS_INVALID, HOST_UNREACHABLE, TOOL_MISSING. */
export async function openHost(choice: HostChoice, surroundings: HostSurroundings): Promise<MachineHost> {
  const host = await createHost(choice, surroundings);
  await retry(() => host.probe(), {
    attemptsMax: OPEN_ATTEMPTS_MAX,
    clock: surroundings.clock,
    isRetryable: isUnreachable,
    onRetry: (error) => surroundings.logger.warn('machine-host-awaited', { error }),
  });
  return host;
}

export function isUnreachable(error: unknown): boolean {
  return error instanceof OperationError && error.code === 'HOST_UNREACHABLE';
}

async function createHost(choice: HostChoice, surroundings: HostSurroundings): Promise<MachineHost> {
  const options = { ...surroundings, probePath: join(surroundings.stateDir, 'accelerator.json') };
  if (choice.kind === 'libvirt') {
    return new LibvirtHost({ ...options, ...(choice.libvirtUri && { uri: choice.libvirtUri }) });
  }
  if (choice.networksFile === undefined) return new QemuHost(options);
  return new QemuHost({ ...options, networks: parseQemuNetworks(await readNetworks(choice.networksFile)) });
}

async function readNetworks(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OperationError('NETWORKS_INVALID', `the file of networks cannot be read: ${why}`, {
      hint: 'check --networks of the launch host, then start it again',
      cause,
    });
  }
}

function usage(message: string): OperationError {
  return new OperationError('USAGE', message);
}
