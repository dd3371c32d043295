/** The commands as processes, on the folder of a journal. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@landfall/runtime';
import { temporaryFolder, writeJournalFolder } from '../../images/journal-folder.testing.ts';

const MAIN = join(import.meta.dirname, '../../main.ts');
const POLL_MS = 20;

/** As qemu-img, but a copy never ends by itself. */
const ENDLESS_QEMU_IMG = `#!/bin/sh
case "$1" in
convert) echo $$ >"$ENDLESS_PID_FILE"; echo '    (12.50/100%)'; exec sleep 300 ;;
*) exec /usr/bin/qemu-img "$@" ;;
esac
`;

function start(parameters: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const argv = ['--disable-warning=ExperimentalWarning', MAIN, 'journal', ...parameters];
  const child = spawn(process.execPath, argv, { env: { ...process.env, ...env } });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode, ...said }));
  return { child, ended };
}

/** What the file has, as soon as it has a whole line. */
async function lineOf(path: string, child: ChildProcess): Promise<string> {
  while (child.exitCode === null) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    if (text.endsWith('\n')) return text.trim();
    await systemClock.sleep(POLL_MS);
  }
  throw new Error('the command ended before');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
    return false;
  }
}

test('an export is told as JSON, and says what is wrong with how it was asked for', async (t) => {
  const folder = await temporaryFolder(t);
  const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 3, seed: 41 });
  const how = ['--folder', journal.folder, '--to', folder, '--format'];
  const done = await start(['export', ...how, 'raw', '--point', '2', '--disk', 'disk-1', '--json']).ended;
  assert.equal(done.exitCode, 0, done.stderr);
  const { epoch, sourceServerID, images } = JSON.parse(done.stdout);
  assert.deepEqual([epoch, sourceServerID, images.length], [2, 's-1', 1]);
  assert.ok((await readFile(images[0].path)).equals(journal.contents[1]?.[1] ?? Buffer.alloc(0)));
  for (const [parameters, code] of [
    [['export', ...how, 'vdi'], 'OPTION_INVALID'],
    [['export', ...how, 'raw', '--disk', 'sdz'], 'DISK_UNKNOWN'],
    [['export', 's-1', ...how, 'raw'], 'OPTION_INVALID'],
    [['import', '--folder', journal.folder, '--disk', `disk-0=${images[0].path}`], 'SEED_TOO_LATE'],
  ] as const) {
    const refused = await start(parameters).ended;
    assert.equal(refused.exitCode, 1, parameters.join(' '));
    assert.match(refused.stderr, new RegExp(code));
    assert.match(refused.stderr, /what to do: /);
  }
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends an export in the middle, its qemu-img with it, and leaves nothing`, async (t) => {
    const folder = await temporaryFolder(t);
    const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 1, seed: 42 });
    const [tools, target] = [join(folder, 'bin'), join(folder, 'images')];
    await Promise.all([mkdir(tools), mkdir(target)]);
    await writeFile(join(tools, 'qemu-img'), ENDLESS_QEMU_IMG, { mode: 0o755 });
    const pidFile = join(folder, 'pid');
    const env = { PATH: `${tools}:${process.env.PATH}`, ENDLESS_PID_FILE: pidFile };
    const { child, ended } = start(
      ['export', '--folder', journal.folder, '--to', target, '--format', 'qcow2'],
      env,
    );
    t.after(() => child.kill('SIGKILL'));
    const pid = Number(await lineOf(pidFile, child));
    assert.equal((await readdir(target)).length, 2, 'both images are claimed');
    child.kill(signal);
    const { exitCode, stderr } = await ended;
    assert.equal(exitCode, 1);
    assert.match(stderr, /IMAGE_COPY_STOPPED/);
    assert.deepEqual(await readdir(target), []);
    assert.equal(isRunning(pid), false);
    assert.deepEqual(
      (await readdir(journal.folder)).filter((name) => name.startsWith('lock-')),
      [],
    );
  });
}
