/**
 * `landfall guest-matrix`: guests of many kinds, each built on other hardware, converted, launched and asked
 * whether all of it is there. The work is done by `e2e/guests` in a process of its own, in mount and process
 * namespaces of its own, so that no mount, no appliance and no machine is left whatever happens. A lock on
 * the folder of built guests is held by all that runs there.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureFolder, OperationError, SUPERVISED_VARIABLE } from '@landfall/runtime';
import type { Command } from 'commander';
import { EXIT_FAILED } from '../../exit-codes.ts';
import { cacheFolder } from '../../setup/cache-folder.ts';
import { ensureDebianPackages, GUEST_MATRIX_PACKAGES } from '../../setup/debian-packages.ts';
import { outputOf } from '../context.ts';

const MATRIX = join(import.meta.dirname, '../../../../../e2e/guests/main.ts');
const EXIT_BUSY = 75;

interface GuestMatrixOptions {
  readonly only?: readonly string[];
  readonly build?: boolean;
  readonly ahead?: boolean;
  readonly hardware?: string;
  readonly conversion?: string;
}

export function addGuestMatrixCommand(program: Command): void {
  program
    .command('guest-matrix')
    .description('convert and launch guests of many kinds, each made for other hardware, and print a table')
    .option('--only <row...>', 'only these guests')
    .option('--build', 'only build the guests, and print where their disks are')
    .option('--ahead', 'build the next guest while one is tried: sooner done, times less exact')
    .option('--hardware <which>', 'launch on virtio or compatible instead of what conversion finds')
    .option('--conversion <method>', 'automatic, landfall or virt-v2v')
    .action(async (options: GuestMatrixOptions, command: Command) => {
      const output = outputOf(command);
      if (process.getuid?.() !== 0)
        throw new OperationError('NOT_ROOT', 'landfall guest-matrix needs root', {
          hint: 'run it with sudo',
        });
      await ensureDebianPackages(GUEST_MATRIX_PACKAGES, (line) => output.err(`${line}\n`));
      process.exitCode = await runMatrix(options, output.json);
    });
}

/** Resolves with its exit code. It ends with this process: its standard input is a pipe that then closes. */
async function runMatrix(options: GuestMatrixOptions, json: boolean): Promise<number> {
  const folder = join(cacheFolder(), 'guests');
  await ensureFolder(folder);
  const choices = [
    ...(options.only ?? []).flatMap((name) => ['--only', name]),
    ...(options.build === true ? ['--build'] : []),
    ...(options.ahead === true ? ['--ahead'] : []),
    ...(options.hardware === undefined ? [] : ['--hardware', options.hardware]),
    ...(options.conversion === undefined ? [] : ['--conversion', options.conversion]),
    ...(json ? ['--json'] : []),
  ];
  const lock = ['--nonblock', '--conflict-exit-code', String(EXIT_BUSY), join(folder, 'lock')];
  const namespace = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', MATRIX, ...choices];
  const env = { ...process.env, [SUPERVISED_VARIABLE]: '1' };
  const exitCode = await new Promise<number>((resolve, reject) => {
    const child = spawn('flock', [...lock, ...namespace, '--mount-proc', '--', ...node], {
      env,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? EXIT_FAILED));
  });
  if (exitCode !== EXIT_BUSY) return exitCode;
  throw new OperationError('GUEST_MATRIX_BUSY', `another guest matrix runs in ${folder}`, {
    hint: 'wait for it, or name another folder with LANDFALL_CACHE_DIR',
  });
}
