/** The command line of the replication server, as data. */
import { parseArgs } from 'node:util';
import { MIB, OperationError } from '@landfall/runtime';
import { SCRUB_BYTES_PER_SECOND_DEFAULT, SCRUB_INTERVAL_MS_DEFAULT } from './scrubber.ts';

export const USAGE = `landfall replication server: receives changes of source servers, exports recovery points

  node main.ts --state-dir FOLDER --staging-dir FOLDER [--token-file FILE]
               [--listen ADDRESS] [--port 1500] [--address ADDRESS]… [--scrub-rate 16]
               [--scrub-interval 24]

--listen is where it listens (default 0.0.0.0); --address is what agents dial, the first one is told to them
(default: the listening address). --scrub-rate is how much of the journals is read and verified all the time, in
MiB a second over all servers; 0: nothing. --scrub-interval is how many hours lie between the beginnings of two passes
over a journal, at least.
`;

export interface ServerOptions {
  readonly stateFolder: string;
  readonly stagingFolder: string;
  readonly tokenFile: string | undefined;
  readonly listenAddress: string;
  readonly port: number;
  readonly addresses: readonly string[];
  /** 0: journals are not scrubbed. */
  readonly scrubBytesPerSecond: number;
  readonly scrubIntervalMs: number;
}

const PORT_DEFAULT = 1500;
const HOUR_MS = 3_600_000;
const LISTEN_DEFAULT = '0.0.0.0';

/** `undefined` when only the usage is asked for. Errors: OPTION_INVALID. */
export function parseOptions(parameters: readonly string[]): ServerOptions | undefined {
  const { values } = parse(parameters);
  if (values.help) return undefined;
  const stateFolder = required(values['state-dir'], '--state-dir');
  const stagingFolder = required(values['staging-dir'], '--staging-dir');
  const listenAddress = values.listen ?? LISTEN_DEFAULT;
  const addresses = values.address ?? [listenAddress];
  if (addresses.includes(LISTEN_DEFAULT))
    throw usage('agents cannot dial 0.0.0.0: name the address with --address');
  const tokenFile = values['token-file'];
  return {
    ...{ stateFolder, stagingFolder, tokenFile, listenAddress, port: parsePort(values.port), addresses },
    scrubBytesPerSecond: quantity(values['scrub-rate'], MIB) ?? SCRUB_BYTES_PER_SECOND_DEFAULT,
    scrubIntervalMs: quantity(values['scrub-interval'], HOUR_MS) ?? SCRUB_INTERVAL_MS_DEFAULT,
  };
}

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({
      args: [...parameters],
      options: {
        'state-dir': { type: 'string' },
        'staging-dir': { type: 'string' },
        'token-file': { type: 'string' },
        listen: { type: 'string' },
        port: { type: 'string' },
        address: { type: 'string', multiple: true },
        'scrub-rate': { type: 'string' },
        'scrub-interval': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

function required(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw usage(`${name} is missing`);
  return value;
}

function parsePort(text: string | undefined): number {
  const port = text === undefined ? PORT_DEFAULT : Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw usage(`${text} is not a port number`);
}

function quantity(text: string | undefined, unit: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value >= 0) return Math.round(value * unit);
  throw usage(`${text} is not a number from 0 on`);
}

function usage(message: string): OperationError {
  return new OperationError('OPTION_INVALID', message, { hint: 'see --help' });
}
