/** `landfall-agent`: see USAGE in agent-options.ts. */
import { createInterface } from 'node:readline/promises';
import { GUARD_COMMAND, runFreezeGuard } from '@landfall/capture';
import {
  createLogger,
  describeError,
  formatBytes,
  OperationError,
  systemClock,
  systemRandom,
} from '@landfall/runtime';
import { type AgentOptions, parseOptions, USAGE, usage } from './agent-options.ts';
import { configure } from './configure.ts';
import type { FoundDisk } from './disk-mapping.ts';
import { readStatus } from './file-status.ts';
import { describeForecast, describeProgress } from './forecast/forecast-text.ts';
import { runForecast } from './forecast/run-forecast.ts';
import { HeldOutput } from './held-output.ts';
import { install } from './install.ts';
import { yieldToWorkload } from './linux-priority.ts';
import { EXIT_UNINSTALLED } from './linux-service.ts';
import { runAgent } from './run-agent.ts';
import { describeStatus } from './status-text.ts';
import { uninstall } from './uninstall.ts';
import { VERSION } from './version.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const PROGRESS_EVERY_MS = 5000;
/**
 * Reads of disks run in libuv's threads; several must be in flight. Takes effect before the first of them
 * starts.
 */
const THREADS = '16';

async function main(parameters: readonly string[]): Promise<number> {
  if (parameters[0] === GUARD_COMMAND) return guard(parameters[1] ?? '');
  const options = parseOptions(parameters);
  switch (options.command) {
    case 'install':
      return runInstall(options);
    case 'configure':
      return runConfigure(options);
    case 'run':
      return runService(options);
    case 'status':
      return showStatus(options);
    case 'forecast':
      return showForecast(options);
    case 'uninstall':
      return runUninstall(options);
    case 'version':
      say(`landfall-agent ${VERSION}`);
      return 0;
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    default:
      throw usage(`there is no command named ${options.command}`);
  }
}

/** What the agent starts to freeze file systems. It says nothing: what it could write to may be frozen. */
function guard(request: string): Promise<number> {
  return runFreezeGuard(request).then(
    () => 0,
    () => EXIT_FAILED,
  );
}

async function runInstall(options: AgentOptions): Promise<number> {
  const canAsk = options.prompt && process.stdin.isTTY === true;
  const token = options.token ?? (canAsk ? await ask('Enrolment token: ') : undefined);
  if (token === undefined) throw usage('install needs --token TOKEN');
  await install({
    ...options,
    token,
    environment: process.env,
    ...(canAsk ? { chooseDevices } : {}),
    say,
    clock: systemClock,
  });
  return 0;
}

async function chooseDevices(found: readonly FoundDisk[]): Promise<readonly string[]> {
  for (const disk of found) say(`  ${disk.deviceName}  ${formatBytes(disk.sizeBytes)}`);
  const answer = await ask('Disks to replicate, separated by commas (Enter: all): ');
  return answer
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

async function runConfigure({ stateFolder, proxy }: AgentOptions): Promise<number> {
  if (proxy === undefined) throw usage('configure needs --proxy http://host:port, or --proxy none');
  await configure({ stateFolder, proxy, environment: process.env, say });
  return 0;
}

async function runService(options: AgentOptions): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  const output = new HeldOutput((line) => process.stderr.write(line));
  const logger = createLogger({ program: 'landfall-agent', write: (line) => output.write(line) });
  yieldToWorkload(logger);
  const outcome = await runAgent({
    stateFolder: options.stateFolder,
    runtimeFolder: options.runtimeFolder,
    output,
    logger,
    clock: systemClock,
    signal: stop.signal,
  });
  if (outcome === 'STOPPED') return 0;
  await uninstall({ ...options, stopService: false });
  return EXIT_UNINSTALLED;
}

async function showStatus(options: AgentOptions): Promise<number> {
  const status = await readStatus(options.runtimeFolder);
  if (status === undefined) {
    throw new OperationError('AGENT_NOT_RUNNING', 'the agent is not running on this server', {
      hint: '`systemctl start landfall-agent`, or install it: `landfall-agent install --token TOKEN`',
    });
  }
  const text = options.json
    ? `${JSON.stringify(status, null, 2)}\n`
    : describeStatus(status, systemClock.nowMs());
  process.stdout.write(text);
  return 0;
}

/**
 * Progress on standard error, the result on standard output. Interrupted, it tells what it measured by
 * then.
 */
async function showForecast(options: AgentOptions): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  let toldMs = 0;
  const result = await runForecast({
    ...options,
    clock: systemClock,
    random: systemRandom,
    logger: createLogger({ program: 'landfall-agent' }),
    signal: stop.signal,
    onProgress: (elapsedMs, durationMs, churn) => {
      if (elapsedMs - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = elapsedMs;
      process.stderr.write(`${describeProgress(elapsedMs, durationMs, churn)}\n`);
    },
  });
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : describeForecast(result));
  return 0;
}

async function runUninstall(options: AgentOptions): Promise<number> {
  await uninstall({ ...options, stopService: true });
  say('The agent is uninstalled; replication of this server has ended');
  say('The replica stays until the server is disconnected in the control plane');
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`landfall-agent: ${describeError(error)}\n`);
  process.exitCode =
    error instanceof OperationError && error.code === 'OPTION_INVALID' ? EXIT_USAGE : EXIT_FAILED;
}

process.env.UV_THREADPOOL_SIZE ??= THREADS;
main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
}, fail);
