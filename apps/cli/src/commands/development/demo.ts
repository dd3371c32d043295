import { formatBytes, formatDurationMs, OperationError, systemClock } from '@landfall/runtime';
import { type Command, Option } from 'commander';
import { type DemoResult, runDemo } from '../../demo/demo.ts';
import { createDemoFolder, endMachinesOf, removeDemoFolder } from '../../demo/demo-folder.ts';
import { ensureGuestImage } from '../../demo/guest-image.ts';
import { VICTIMS, type Victim } from '../../demo/saboteur.ts';
import { ensureAgentExecutable } from '../../setup/agent-executable.ts';
import { cacheFolder } from '../../setup/cache-folder.ts';
import { DEMO_PACKAGES, ensureDebianPackages } from '../../setup/debian-packages.ts';
import { showFacts } from '../../terminal/output.ts';
import { outputOf } from '../context.ts';

interface DemoCommandOptions {
  readonly kill?: Victim;
  readonly keep?: boolean;
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('migrate a real Debian 12 server end to end on this machine')
    .addOption(
      new Option('--kill <program>', 'kill -9 this program during sync, replication and launch').choices(
        VICTIMS,
      ),
    )
    .option('--keep', 'keep the folder with logs and disks')
    .action(demoCommand);
}

async function demoCommand(options: DemoCommandOptions, command: Command): Promise<void> {
  const output = outputOf(command);
  const say = (line: string) => output.err(`${line}\n`);
  if (process.getuid?.() !== 0)
    throw new OperationError('NOT_ROOT', 'landfall demo needs root', { hint: 'run it with sudo' });
  const startedMs = systemClock.nowMs();
  await ensureDebianPackages(DEMO_PACKAGES, say);
  const cache = cacheFolder();
  const agentBinary = await ensureAgentExecutable(cache, say);
  const image = await ensureGuestImage({
    cacheFolder: cache,
    onStep: (step) => say(`building the source server, once: ${step}`),
  });
  const folder = await createDemoFolder(cache);
  cleanUpWhenInterrupted(folder, options.keep === true);
  const result = await runDemo({ folder, image, agentBinary, victim: options.kill, output });
  if (options.keep !== true) await removeDemoFolder(folder);
  showFacts(output, result, [
    ...resultFacts(result),
    ['whole demo', formatDurationMs(systemClock.nowMs() - startedMs)],
  ]);
}

/** Ctrl-C and SIGTERM leave nothing running; the programs end with this one. */
function cleanUpWhenInterrupted(folder: string, keep: boolean): void {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      const end = () => process.exit(exitCode);
      (keep ? endMachinesOf(folder) : removeDemoFolder(folder)).then(end, end);
    });
  }
}

function resultFacts(result: DemoResult): [string, unknown][] {
  return [
    ['bytes on the source’s disks', formatBytes(result.bytesOnSource)],
    ['bytes sent', formatBytes(result.bytesSent)],
    ['bytes in staging', formatBytes(result.stagingBytes)],
    ['first sync', formatDurationMs(result.firstSyncMs)],
    ['recovery points', result.recoveryPoints],
    ['lag p50 / p99', `${formatDurationMs(result.lagP50Ms)} / ${formatDurationMs(result.lagP99Ms)}`],
    ['test: launch to HTTP 200', formatDurationMs(result.testLaunchMs)],
    ['cutover: launch to HTTP 200', formatDurationMs(result.cutoverLaunchMs)],
    ['rows checked: test / cutover', `${result.rowsCheckedInTest} / ${result.rowsCheckedInCutover}`],
    ...(result.struck.length === 0 ? [] : [['killed during', result.struck.join(', ')] as [string, unknown]]),
  ];
}
