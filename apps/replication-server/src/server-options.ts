/** The command line of the replication server, as data. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type KeySource, parseKeySource } from '@landfall/journal';
import { LANES_PER_SESSION_DEFAULT } from '@landfall/replication';
import { type LogLevel, MIB, OperationError } from '@landfall/runtime';
import { LANES_MAX } from '@landfall/wire';
import type { JournalFolderOptions } from './journals/journal-folder.ts';
import { SCRUB_BYTES_PER_SECOND_DEFAULT, SCRUB_INTERVAL_MS_DEFAULT } from './journals/scrubber.ts';

export const USAGE = `landfall replication server: receives changes of source servers, exports recovery points

  node main.ts --state-dir FOLDER --staging-dir FOLDER [--token-file FILE]
               [--listen ADDRESS] [--port 1500] [--address ADDRESS]…
               [--encryption-key SOURCE]… [--no-encryption] [--scrub-rate 16] [--scrub-interval 24]
               [--streams-max 8] [--segment-size 256]
               [--no-tripwire] [--log-level LEVEL]
  node main.ts rotate-keys --state-dir FOLDER [--encryption-key SOURCE]…
  node main.ts journal stat|verify|compact --folder FOLDER [--state-dir FOLDER] [--encryption-key SOURCE]…

--listen is where it listens (default 0.0.0.0); --address is what agents dial, the first one is told to them
(default: the listening address).

Replicas are encrypted at rest. SOURCE is where the key is that their keys are wrapped with: file:PATH (made if
there is none; default: encryption.key in the state folder), env:NAME (64 hexadecimal digits), or command:PATH (a
program, called with wrap and unwrap). With several, the first is used for what is new, the others open what there
is. --no-encryption: new replicas are not encrypted; those that are stay so.

--no-tripwire: nobody watches for what encrypts the files of servers.
--log-level is debug, info (default), warn or error.

--scrub-rate is how much of the journals is read and verified all the time, in MiB a second over all servers; 0:
nothing. --scrub-interval is how many hours lie between the beginnings of two passes over a journal, at least.

--segment-size is how large the segments of a journal become, in MiB, before the next one is begun; compaction
rewrites whole segments.

--streams-max is how many connections one agent may replicate by, if it wants as many; 1: no more than one.

journal works on the journal of one server, in a folder of the staging area, while no replication server runs.
`;

export interface ServerOptions {
  readonly stateFolder: string;
  readonly stagingFolder: string;
  readonly tokenFile: string | undefined;
  readonly listenAddress: string;
  readonly port: number;
  readonly addresses: readonly string[];
  /** Where wrapping keys come from; the first one wraps. */
  readonly keySources: readonly KeySource[];
  /** Whether new journals are encrypted. */
  readonly encryptsNew: boolean;
  /** 0: journals are not scrubbed. */
  readonly scrubBytesPerSecond: number;
  readonly scrubIntervalMs: number;
  /** Connections of one agent. */
  readonly streamsMax: number;
  /** The journal's default when not given. */
  readonly segmentBytes: number | undefined;
  /** Whether servers are watched for what encrypts their files. */
  readonly tripwire: boolean;
  readonly logLevel: LogLevel;
}

const PORT_DEFAULT = 1500;
const SEGMENT_BYTES_MIN = MIB / 4;
const HOUR_MS = 3_600_000;
const LISTEN_DEFAULT = '0.0.0.0';
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const KEY_FILE_NAME = 'encryption.key';

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
    keySources: parseKeySources(values['encryption-key'], stateFolder),
    encryptsNew: !values['no-encryption'],
    scrubBytesPerSecond: quantity(values['scrub-rate'], MIB) ?? SCRUB_BYTES_PER_SECOND_DEFAULT,
    scrubIntervalMs: quantity(values['scrub-interval'], HOUR_MS) ?? SCRUB_INTERVAL_MS_DEFAULT,
    streamsMax: parseStreamsMax(values['streams-max']),
    segmentBytes: parseSegmentSize(values['segment-size']),
    tripwire: !values['no-tripwire'],
    logLevel: logLevel(values['log-level']),
  };
}

/** Of `rotate-keys`. `undefined` when only the usage is asked for. Errors: OPTION_INVALID. */
export function parseRotationOptions(
  parameters: readonly string[],
): Pick<ServerOptions, 'stateFolder' | 'keySources'> | undefined {
  const { values } = parse(parameters);
  if (values.help) return undefined;
  const stateFolder = required(values['state-dir'], '--state-dir');
  return { stateFolder, keySources: parseKeySources(values['encryption-key'], stateFolder) };
}

/** Of `journal`. `undefined` when only the usage is asked for. Errors: OPTION_INVALID. */
export function parseFolderOptions(parameters: readonly string[]): JournalFolderOptions | undefined {
  const [action, ...others] = parameters;
  const { values } = parse(action?.startsWith('-') ? parameters : others);
  if (values.help) return undefined;
  if (action !== 'stat' && action !== 'verify' && action !== 'compact')
    throw usage(`${action ?? 'nothing'} cannot be done with a journal: stat, verify or compact`);
  const folder = required(values.folder, '--folder');
  const stateFolder = values['state-dir'];
  const sources = values['encryption-key'];
  const keySources =
    stateFolder === undefined ? (sources ?? []).map(parseKeySource) : parseKeySources(sources, stateFolder);
  return { action, folder, stateFolder, keySources };
}

function parseKeySources(sources: readonly string[] | undefined, stateFolder: string): readonly KeySource[] {
  return (sources ?? [`file:${join(stateFolder, KEY_FILE_NAME)}`]).map(parseKeySource);
}

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({
      args: [...parameters],
      options: {
        'state-dir': { type: 'string' },
        'staging-dir': { type: 'string' },
        folder: { type: 'string' },
        'token-file': { type: 'string' },
        listen: { type: 'string' },
        port: { type: 'string' },
        address: { type: 'string', multiple: true },
        'encryption-key': { type: 'string', multiple: true },
        'no-encryption': { type: 'boolean', default: false },
        'scrub-rate': { type: 'string' },
        'scrub-interval': { type: 'string' },
        'streams-max': { type: 'string' },
        'segment-size': { type: 'string' },
        'log-level': { type: 'string', default: 'info' },
        'no-tripwire': { type: 'boolean', default: false },
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

function parseStreamsMax(text: string | undefined): number {
  const streams = text === undefined ? 1 + LANES_PER_SESSION_DEFAULT : Number(text);
  if (Number.isInteger(streams) && streams >= 1 && streams <= 1 + LANES_MAX) return streams;
  throw usage(`${text} is not a number of connections from 1 to ${1 + LANES_MAX}`);
}

function parseSegmentSize(text: string | undefined): number | undefined {
  const segmentBytes = quantity(text, MIB);
  if (segmentBytes === undefined || segmentBytes >= SEGMENT_BYTES_MIN) return segmentBytes;
  throw usage(`segments of ${text} MiB are too small: 0.25 at least`);
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw usage(`${text} is no log level`);
  return level;
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
