/** The command line of the agent, as data. */
import { parseArgs } from 'node:util';
import { OperationError } from '@landfall/runtime';
import { LANES_MAX } from '@landfall/wire';
import type { Installation } from './file-installation.ts';
import { UNIT_FOLDER_DEFAULT } from './linux-service.ts';
import { STREAMS_DEFAULT } from './source-replicator.ts';

export const USAGE = `landfall-agent: replicates the disks of this server while it works

  landfall-agent install --token TOKEN [--no-prompt] [--devices /dev/a,/dev/b] [--force-volumes]
                         [--no-auto-disk-detection] [--scan-mode] [--no-skip-free-space]
                         [--freeze] [--freeze-limit 10] [--freeze-interval 60]
                         [--streams 4] [--tags key=value,…] [--user-provided-id ID]
                         [--proxy http://[user:password@]host:port]
  landfall-agent configure --proxy http://[user:password@]host:port | none
  landfall-agent status [--json]
  landfall-agent forecast [--minutes 1] [--devices /dev/a,/dev/b] [--to HOST:PORT] [--json]
                                     measures, and says how long replication takes
  landfall-agent uninstall
  landfall-agent run                 what the service runs
  landfall-agent version

Without --devices all disks are replicated, and those that are attached later join within 30 s. With it only
these are, as large as they become. --no-auto-disk-detection, and --force-volumes with --devices, keep disks
and sizes as they are found when the agent starts. --scan-mode reads the disks again and again instead of
tracking their changes; without it that is done only where the kernel shows none. Where disks are scanned,
--freeze makes a consistent recovery point every --freeze-interval minutes: the file systems are frozen while
what was written is read again, for at most --freeze-limit seconds. --streams is how many
connections replication may use when one does not fill the link, if the replication server takes as many.
--user-provided-id is the name an imported inventory has for this server.

Where things are: --state-dir (/var/lib/landfall-agent), --runtime-dir (/run/landfall-agent),
--unit-dir (/etc/systemd/system); --no-service installs without systemd.
Without --proxy, install goes by HTTPS_PROXY and NO_PROXY, else by what an earlier install had; --proxy none
goes straight. A password is better given in HTTPS_PROXY: a command line can be seen by all users.
`;

export interface AgentOptions {
  readonly command: string;
  readonly token: string | undefined;
  readonly prompt: boolean;
  readonly devices: readonly string[];
  readonly forceVolumes: boolean;
  readonly autoDiskDetection: boolean;
  readonly scanMode: boolean;
  readonly skipFreeSpace: boolean;
  readonly freeze: Installation['freeze'];
  readonly streams: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly userProvidedId: string | undefined;
  readonly proxy: string | undefined;
  readonly json: boolean;
  readonly minutes: number;
  readonly to: string | undefined;
  readonly stateFolder: string;
  readonly runtimeFolder: string;
  readonly unitFolder: string;
  readonly withService: boolean;
}

const STATE_FOLDER_DEFAULT = '/var/lib/landfall-agent';
const RUNTIME_FOLDER_DEFAULT = '/run/landfall-agent';

const MINUTES_MAX = 24 * 60;
const STREAMS_MAX = 1 + LANES_MAX;
const FREEZE_SECONDS_MAX = 300;
const FREEZE_MINUTES_MAX = 7 * 24 * 60;

/** Errors: OPTION_INVALID. */
export function parseOptions(parameters: readonly string[]): AgentOptions {
  const { values, positionals } = parse(parameters);
  const [command = 'help', ...rest] = positionals;
  if (rest.length > 0) throw usage(`unexpected ${rest.join(' ')}`);
  const stateFolder = values['state-dir'] ?? STATE_FOLDER_DEFAULT;
  return {
    command: values.help ? 'help' : command,
    token: values.token,
    prompt: !values['no-prompt'],
    devices: parseList(values.devices ?? ''),
    forceVolumes: values['force-volumes'],
    autoDiskDetection: !values['no-auto-disk-detection'],
    scanMode: values['scan-mode'],
    skipFreeSpace: !values['no-skip-free-space'],
    freeze: values.freeze ? parseFreeze(values) : undefined,
    streams: parseStreams(values.streams),
    tags: parseTags(values.tags ?? ''),
    userProvidedId: values['user-provided-id'],
    proxy: values.proxy,
    json: values.json,
    minutes: parseMinutes(values.minutes),
    to: values.to,
    stateFolder,
    runtimeFolder:
      values['runtime-dir'] ?? (values['state-dir'] === undefined ? RUNTIME_FOLDER_DEFAULT : stateFolder),
    unitFolder: values['unit-dir'] ?? UNIT_FOLDER_DEFAULT,
    withService: !values['no-service'],
  };
}

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: {
        token: { type: 'string' },
        'no-prompt': { type: 'boolean', default: false },
        devices: { type: 'string' },
        'force-volumes': { type: 'boolean', default: false },
        'no-auto-disk-detection': { type: 'boolean', default: false },
        'scan-mode': { type: 'boolean', default: false },
        'no-skip-free-space': { type: 'boolean', default: false },
        freeze: { type: 'boolean', default: false },
        'freeze-limit': { type: 'string', default: '10' },
        'freeze-interval': { type: 'string', default: '60' },
        streams: { type: 'string' },
        tags: { type: 'string' },
        'user-provided-id': { type: 'string' },
        proxy: { type: 'string' },
        minutes: { type: 'string', default: '1' },
        to: { type: 'string' },
        json: { type: 'boolean', default: false },
        'state-dir': { type: 'string' },
        'runtime-dir': { type: 'string' },
        'unit-dir': { type: 'string' },
        'no-service': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (minutes > 0 && minutes <= MINUTES_MAX) return minutes;
  throw usage(`--minutes ${text} is not a number from more than 0 to ${MINUTES_MAX}`);
}

function parseFreeze(values: {
  readonly 'freeze-limit': string;
  readonly 'freeze-interval': string;
}): Installation['freeze'] {
  const seconds = Number(values['freeze-limit']);
  const minutes = Number(values['freeze-interval']);
  if (!(seconds > 0 && seconds <= FREEZE_SECONDS_MAX))
    throw usage(
      `--freeze-limit ${values['freeze-limit']} is not a number from more than 0 to ${FREEZE_SECONDS_MAX}`,
    );
  if (!(minutes >= 0 && minutes <= FREEZE_MINUTES_MAX))
    throw usage(
      `--freeze-interval ${values['freeze-interval']} is not a number from 0 to ${FREEZE_MINUTES_MAX}`,
    );
  return { limitMs: Math.round(seconds * 1000), intervalMs: Math.round(minutes * 60_000) };
}

function parseStreams(text: string | undefined): number {
  const streams = text === undefined ? STREAMS_DEFAULT : Number(text);
  if (Number.isInteger(streams) && streams >= 1 && streams <= STREAMS_MAX) return streams;
  throw usage(`--streams ${text} is not a whole number from 1 to ${STREAMS_MAX}`);
}

function parseList(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** `key=value`, several separated by commas. */
function parseTags(text: string): Record<string, string> {
  const pairs = parseList(text).map((pair) => {
    const separator = pair.indexOf('=');
    if (separator < 1) throw usage(`${pair} is not of the form key=value`);
    return [pair.slice(0, separator), pair.slice(separator + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

export function usage(message: string): OperationError {
  return new OperationError('OPTION_INVALID', message, { hint: 'see `landfall-agent help`' });
}
