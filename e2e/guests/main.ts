/**
 * `node main.ts [--only ROW]… [--build] [--ahead] [--hardware WHICH] [--conversion METHOD] [--json]`, as
 * root, in mount and process namespaces of its own: what `landfall guest-matrix` runs. Exit code 0 when every
 * row that is available here passed, else 1.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../apps/cli/src/setup/cache-folder.ts';
import { removeUnfinishedBuilds } from '../../apps/cli/src/setup/cached-build.ts';
import { createLaunchHost } from '../../apps/launch-host/src/launch-host.ts';
import { probeAccelerator } from '../../packages/launch/src/index.ts';
import {
  createLogger,
  describeError,
  ensureFolder,
  formatDurationMs,
  OperationError,
  systemClock,
  terminationRequest,
} from '../../packages/runtime/src/index.ts';
import { type BuiltGuest, ensureGuest, type GuestBuilder } from './guest-disks.ts';
import { GUEST_ROWS, type GuestRow } from './guest-row.ts';
import { emptyResult, formatResults, formatSummary, type RowResult } from './row-result.ts';
import { type LaunchWish, type TrialGround, tryRow } from './row-trial.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface MatrixOptions {
  readonly rows: readonly GuestRow[];
  /** The guests are built and nothing else. */
  readonly onlyBuild: boolean;
  /**
   * The next guest is built while one is tried: sooner done, but its times are not those of a quiet machine.
   */
  readonly buildsAhead: boolean;
  readonly json: boolean;
  readonly wish: LaunchWish;
}

async function main(): Promise<number> {
  const options = parseOptions();
  const folder = join(cacheFolder(), 'guests');
  await ensureFolder(folder);
  // Nobody else is here: the caller holds the folder's lock.
  await removeUnfinishedBuilds(folder);
  const logger = createLogger({ program: 'guest-matrix', level: 'warn' });
  const { accelerator } = await probeAccelerator(join(folder, 'accelerator.json'), logger);
  const say = sayWithTime();
  const builder = { folder, useKvm: accelerator === 'kvm', say };
  if (options.onlyBuild) return await buildOnly(builder, options);
  const runFolder = join(folder, 'run');
  await rm(runFolder, { recursive: true, force: true });
  await ensureFolder(runFolder);
  const stateDir = join(runFolder, 'state');
  const host = createLaunchHost({ stateDir, logger, clock: systemClock, accelerator });
  await host.start();
  try {
    return await runRows(builder, { folder: runFolder, host, accelerator, say, wish: options.wish }, options);
  } finally {
    await host.stop();
    await rm(runFolder, { recursive: true, force: true });
  }
}

function parseOptions(): MatrixOptions {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      build: { type: 'boolean', default: false },
      ahead: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      hardware: { type: 'string' },
      conversion: { type: 'string' },
    },
  });
  const unknown = values.only.filter((name) => GUEST_ROWS.every((row) => row.name !== name));
  if (unknown.length > 0) {
    throw new OperationError('OPTION_INVALID', `there is no row ${unknown.join(', ')}`, {
      hint: `the rows: ${GUEST_ROWS.map(({ name }) => name).join(', ')}`,
    });
  }
  const rows = GUEST_ROWS.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
  const wish = parseWish(values);
  return { rows, onlyBuild: values.build, buildsAhead: values.ahead, json: values.json, wish };
}

const HARDWARE = { virtio: 'VIRTIO', compatible: 'COMPATIBLE' } as const;
const METHODS = { automatic: 'AUTOMATIC', landfall: 'LANDFALL', 'virt-v2v': 'VIRT_V2V' } as const;

function parseWish(values: { readonly hardware?: string; readonly conversion?: string }): LaunchWish {
  const hardware = oneOf(HARDWARE, values.hardware);
  const conversionMethod = oneOf(METHODS, values.conversion);
  return {
    ...(hardware === undefined ? {} : { hardware }),
    ...(conversionMethod === undefined ? {} : { conversionMethod }),
  };
}

function oneOf<Value>(choices: Readonly<Record<string, Value>>, text: string | undefined): Value | undefined {
  if (text === undefined || text in choices) return text === undefined ? undefined : choices[text];
  throw new OperationError('OPTION_INVALID', `${text} is none of ${Object.keys(choices).join(', ')}`);
}

/** Prints where the disks are: for whoever uses a guest for something else. */
async function buildOnly(builder: GuestBuilder, { rows }: MatrixOptions): Promise<number> {
  const built: Record<string, unknown> = {};
  for (const row of rows) built[row.name] = await ensureGuest(builder, row);
  process.stdout.write(`${JSON.stringify(built)}\n`);
  return 0;
}

async function runRows(builder: GuestBuilder, ground: TrialGround, options: MatrixOptions): Promise<number> {
  const results: RowResult[] = [];
  let next: ReturnType<typeof tryBuild> | undefined;
  for (const [index, row] of options.rows.entries()) {
    const built = await (next ?? tryBuild(builder, row));
    const following = options.rows[index + 1];
    next = options.buildsAhead && following !== undefined ? tryBuild(builder, following) : undefined;
    const result = await runRow(ground, row, built);
    results.push(result);
    ground.say(`${row.name}: ${result.outcome} ${result.reasons.join('; ')}`.trimEnd());
  }
  const text = options.json
    ? `${JSON.stringify(results, null, 2)}\n`
    : `${formatResults(results)}${formatSummary(results)}\n`;
  process.stdout.write(text);
  return results.every(({ outcome }) => outcome !== 'FAILED') ? 0 : EXIT_FAILED;
}

/** An operating error is told when it is the row's turn. */
async function tryBuild(builder: GuestBuilder, row: GuestRow): Promise<BuiltGuest | OperationError> {
  try {
    return await ensureGuest(builder, row);
  } catch (error) {
    if (error instanceof OperationError) return error;
    throw error;
  }
}

async function runRow(
  ground: TrialGround,
  row: GuestRow,
  guest: BuiltGuest | OperationError,
): Promise<RowResult> {
  const empty = emptyResult(row);
  if (guest instanceof OperationError) return { ...empty, ...describeFailure(guest) };
  const { buildMs } = guest;
  try {
    const findings = await tryRow(ground, row, guest);
    const outcome = findings.reasons.length === 0 ? 'PASSED' : 'FAILED';
    return { ...empty, buildMs, ...findings, outcome };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    if (typeof error.context?.console === 'string') process.stderr.write(`${error.context.console}\n`);
    return { ...empty, buildMs, ...describeFailure(error) };
  }
}

function describeFailure({ code, message }: OperationError): Pick<RowResult, 'outcome' | 'reasons'> {
  return code === 'GUEST_UNAVAILABLE'
    ? { outcome: 'UNAVAILABLE', reasons: [message] }
    : { outcome: 'FAILED', reasons: [`${code}: ${message}`] };
}

function sayWithTime(): (line: string) => void {
  const startNs = systemClock.monotonicNs();
  return (line) => {
    const sinceMs = Number((systemClock.monotonicNs() - startNs) / 1_000_000n);
    process.stderr.write(`${formatDurationMs(sinceMs).padStart(12)}  ${line}\n`);
  };
}

// The namespace ends with this process, and all that runs in it with the namespace.
void terminationRequest().then(() => process.exit(EXIT_FAILED));
try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`guest-matrix: ${describeError(error)}\n`);
  const isUsage = error instanceof OperationError && error.code === 'OPTION_INVALID';
  process.exit(isUsage ? EXIT_USAGE : EXIT_FAILED);
}
