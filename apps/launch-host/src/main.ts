/** The launch host: converts and launches machines on this computer, told what to do over the channel. */
import { parseArgs } from 'node:util';
import { obtainIdentity, runChannel } from '@landfall/channel';
import {
  createLogger,
  describeError,
  OperationError,
  systemClock,
  terminationRequest,
} from '@landfall/runtime';
import packageFile from '../package.json' with { type: 'json' };
import { createLaunchHost } from './launch-host.ts';
import { chooseHost, type HostChoice } from './machine/file-machine-host.ts';

const USAGE =
  'node main.ts --state-dir FOLDER [--token-file FILE] [--no-ready-appliance] [--host qemu [--networks FILE] | --host libvirt [--libvirt-uri URI]]';
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

async function main(parameters: readonly string[]): Promise<void> {
  const { stateDir, tokenFile, host: choice, keepsReadyAppliance } = parseOptions(parameters);
  const logger = createLogger({ program: 'launch-host' });
  const stop = new AbortController();
  void terminationRequest().then(() => stop.abort());
  const { signal } = stop;
  const common = { logger, clock: systemClock, signal };
  const identity = await obtainIdentity({
    role: 'launch-host',
    version: packageFile.version,
    stateFolder: stateDir,
    tokenFile,
    ...common,
  });
  const host = createLaunchHost({
    ...{ stateDir, logger, clock: systemClock, host: choice, keepsReadyAppliance },
  });
  await host.start();
  const channel = runChannel({
    ...identity,
    ...common,
    renewal: { stateFolder: stateDir, identity },
    role: 'launch-host',
    report: host.report,
    applyConfiguration: host.applyConfiguration,
    handlers: host.handlers,
  });
  await channel.finished;
  await host.stop();
}

interface Options {
  readonly stateDir: string;
  readonly tokenFile: string | undefined;
  readonly host: HostChoice;
  readonly keepsReadyAppliance: boolean;
}

function parseOptions(parameters: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const hostOptions = { host: text, 'libvirt-uri': text, networks: text };
  const ready = { 'no-ready-appliance': { type: 'boolean' } } as const;
  const options = { 'state-dir': text, 'token-file': text, ...hostOptions, ...ready };
  try {
    const { values } = parseArgs({ args: [...parameters], options });
    const stateDir = values['state-dir'];
    const others = { libvirtUri: values['libvirt-uri'], networksFile: values.networks };
    const host = chooseHost(values.host, others);
    const keepsReadyAppliance = values['no-ready-appliance'] !== true;
    if (stateDir !== undefined)
      return { stateDir, tokenFile: values['token-file'], host, keepsReadyAppliance };
  } catch (cause) {
    throw new OperationError('USAGE', cause instanceof Error ? cause.message : String(cause), {
      hint: USAGE,
    });
  }
  throw new OperationError('USAGE', '--state-dir is missing', { hint: USAGE });
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    const usage = error instanceof OperationError && error.code === 'USAGE';
    process.stderr.write(`launch-host: ${describeError(error)}\n`);
    process.exit(usage ? EXIT_USAGE : EXIT_FAILED);
  },
);
