import { createLogger, formatDurationMs, OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { ensureAgentExecutable } from '../../setup/agent-executable.ts';
import { cacheFolder } from '../../setup/cache-folder.ts';
import { ensureConsolePages } from '../../setup/console-pages.ts';
import { ensureDebianPackages, LAUNCH_HOST_PACKAGES } from '../../setup/debian-packages.ts';
import { showFacts } from '../../terminal/output.ts';
import { ownAddresses, startServices } from '../../up/services.ts';
import { outputOf, stateDirOf } from '../context.ts';
import { wholeNumber } from '../options.ts';

interface UpOptions {
  readonly listen: string;
  readonly port: number;
  readonly replicationPort: number;
  readonly address?: readonly string[];
  readonly stagingDir?: string;
  readonly encryptionKey?: readonly string[];
  readonly encryption: boolean;
  readonly host: string;
  readonly libvirtUri?: string;
  readonly networks?: string;
  readonly readyAppliance: boolean;
  readonly webhookNetwork?: readonly string[];
  readonly region: string;
  readonly store?: string;
  readonly storePassword?: string;
  readonly s3Endpoint?: string;
  readonly s3Bucket?: readonly string[];
  readonly s3Region?: string;
  readonly s3Key?: string;
  readonly s3VirtualHosts?: boolean;
  readonly rateLimit?: number;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run control plane, replication server and launch host on this machine')
    .option('--listen <address>', 'address to listen on', '0.0.0.0')
    .option('--port <port>', 'port of the control plane', wholeNumber, 443)
    .option('--replication-port <port>', 'port of the replication server', wholeNumber, 1500)
    .option(
      '--address <address...>',
      'addresses source servers can reach this machine at, the preferred one first',
    )
    .option('--staging-dir <folder>', 'where replicas are kept')
    .option(
      '--encryption-key <source...>',
      'keys of the replicas: file:PATH, env:NAME or command:PATH; the first is used for new ones',
    )
    .option('--no-encryption', 'new replicas are not encrypted')
    .option('--host <kind>', 'what runs launched machines: qemu or libvirt', 'qemu')
    .option('--libvirt-uri <uri>', 'the libvirt of this machine to launch with (qemu:///system)')
    .option('--networks <file>', 'networks by name, for --host qemu; see docs/launch-hosts.md')
    .option('--no-ready-appliance', 'no appliance is kept ready for the next launch (it takes 0.5 GiB)')
    .option(
      '--webhook-network <network...>',
      'networks webhooks may reach whatever is in them; see docs/events.md',
    )
    .option('--region <region>', 'the region clients sign for', 'us-east-1')
    .option('--store <url>', 'keep the state in PostgreSQL: postgres://USER@HOST/DATABASE; see docs/store.md')
    .option('--store-password <source>', 'its password: file:PATH or env:NAME')
    .option(
      '--s3-endpoint <url>',
      'keep buckets at an S3 endpoint: https://HOST:PORT; see docs/operations.md',
    )
    .option('--s3-bucket <name...>', 'buckets there that imports and exports may use; no others')
    .option('--s3-key <source>', 'its access key, ID:SECRET: file:PATH (mode 600) or env:NAME')
    .option('--s3-region <region>', 'the region it is signed for (us-east-1)')
    .option('--s3-virtual-hosts', 'buckets are names of hosts there, not the first part of a path')
    .option('--rate-limit <calls>', 'calls a second that each access key may make (100)', wholeNumber)
    .action(runUp);
}

async function runUp(options: UpOptions, command: Command): Promise<void> {
  const output = outputOf(command);
  const stateDir = stateDirOf(command);
  const say = (line: string) => output.err(`${line}\n`);
  if (process.getuid?.() !== 0)
    throw new OperationError('NOT_ROOT', 'landfall up needs root', { hint: 'run it with sudo' });
  await ensureDebianPackages(LAUNCH_HOST_PACKAGES, say);
  const agentBinary = await ensureAgentExecutable(cacheFolder(), say);
  const consoleDir = await ensureConsolePages(say);
  const startedMs = systemClock.nowMs();
  const services = await startServices({
    ...options,
    stateDir,
    agentBinary,
    consoleDir,
    addresses: options.address ?? ownAddresses(),
    logger: createLogger({ program: 'up' }),
  });
  const state = stateDir === '/var/lib/landfall' ? '' : ` --state-dir ${stateDir}`;
  showFacts(output, { endpoint: services.url, stateDir, pids: Object.fromEntries(services.pids) }, [
    ['endpoint', services.url],
    ['console', `${services.url}/console/`],
    ['state', stateDir],
    ['up after', formatDurationMs(systemClock.nowMs() - startedMs)],
    ['add a server', `./landfall token create${state}`],
    ['use the aws CLI', `eval "$(./landfall env${state})" && aws mgn describe-source-servers`],
    ['stop', 'Ctrl-C, or SIGTERM to this process'],
  ]);
  await terminationRequest();
  await services.stop();
}

function terminationRequest(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
