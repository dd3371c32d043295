/** Tests only: the guard as a program of its own, and one that holds a freeze until it is killed. */
import { createLinuxDiskFreezer } from './linux-disk-freezer.ts';
import { GUARD_COMMAND, runFreezeGuard } from './linux-freeze-guard.ts';

const FILE = import.meta.filename;

export const TEST_GUARD_COMMAND = [process.execPath, FILE, GUARD_COMMAND] as const;
export const HOLDER_COMMAND = [process.execPath, FILE, 'hold'] as const;

const [role, ...parameters] = process.argv[1] === FILE ? process.argv.slice(2) : [];
if (role === GUARD_COMMAND) {
  await runFreezeGuard(parameters[0] ?? '');
} else if (role === 'hold') {
  const [diskName = '', recordPath = '', limitMs = ''] = parameters;
  const options = { diskNames: [diskName], recordPath, guardCommand: TEST_GUARD_COMMAND };
  await createLinuxDiskFreezer(options).freeze(Number(limitMs));
  process.stdout.write('held\n');
  process.stdin.resume();
}
