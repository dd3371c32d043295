/**
 * Files taken out of a recovery point with the commands a user has. The source's root is mounted and written
 * while it is replicated, so what was written last is in its journal only.
 */
import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { waitFor } from '../apps/cli/src/demo/http-ledger.ts';
import type { Landfall } from '../packages/api/src/index.ts';
import { MIB, type RunResult, run, runChecked, systemRandom } from '../packages/runtime/src/index.ts';
import { assertInstalled, LoopSource } from './loop-source.ts';
import { Site } from './site.ts';

const READY_MS = 2 * 60_000;
const TIMEOUT = { timeout: 240_000 };

let site: Site;
let source: LoopSource;
let serverId = '';
let mounted = '';
let local = '';
const content = systemRandom.bytes(5 * MIB);

before(async () => {
  site = await Site.create();
  source = new LoopSource(site.folder);
  local = join(site.folder, 'local');
  await mkdir(local);
  const device = await source.attach(await makeRoot());
  const { token } = await site.landfallJson<Landfall.CreateEnrolmentTokenResponse>('token', 'create');
  assertInstalled(await source.install(token));
  const [server] = await site.landfallJson<{ sourceServerID: string }[]>('server', 'list');
  serverId = server?.sourceServerID ?? '';
  await source.startAgent();
  mounted = join(site.folder, 'mounted');
  await mkdir(mounted);
  await runChecked(['mount', device, mounted]);
}, TIMEOUT);

after(async () => {
  try {
    if (mounted !== '') await run(['umount', mounted]);
    await source?.close();
  } finally {
    await site?.close();
  }
});

async function makeRoot(): Promise<string> {
  const tree = join(site.folder, 'tree');
  for (const name of ['', 'etc', 'sbin', 'srv', 'srv/data']) await mkdir(join(tree, name));
  await writeFile(join(tree, 'etc/fstab'), '/dev/vda / ext4 defaults 0 1\n');
  await writeFile(join(tree, 'etc/os-release'), 'ID=test\n');
  await writeFile(join(tree, 'sbin/init'), '');
  await writeFile(join(tree, 'srv/data/a b\nc'), content);
  await chmod(join(tree, 'srv/data/a b\nc'), 0o640);
  await chown(join(tree, 'srv/data/a b\nc'), 123, 456);
  await symlink('/etc/passwd', join(tree, 'srv/data/link'));
  await runChecked(['mknod', join(tree, 'srv/data/disk'), 'b', '7', '0']);
  const file = join(site.folder, 'root.raw');
  await runChecked(['truncate', '-s', '64M', file]);
  await runChecked(['mke2fs', '-q', '-t', 'ext4', '-d', tree, file]);
  return file;
}

/** Nothing as well while the replication server has not heard of the server. */
async function newestPoint(): Promise<Landfall.RecoveryPointItem | undefined> {
  const listed = await site.landfall('recovery-points', serverId, '--json');
  if (listed.exitCode !== 0) return undefined;
  const found: Landfall.ListRecoveryPointsResponse = JSON.parse(listed.stdout);
  return found.items[0];
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(join(mounted, path), 'w');
  await file.writeFile(text);
  await file.sync();
  await file.close();
}

function assertRefused(result: RunResult, code: string): void {
  assert.equal(result.exitCode, 1, `${result.stdout}${result.stderr}`);
  assert.ok(result.stderr.includes(code), `it does not say ${code}: ${result.stderr}`);
}

async function ls(path: string, ...more: string[]) {
  return site.landfallJson<Landfall.ListRecoveryPointFilesResponse>('files', 'ls', serverId, path, ...more);
}

async function get(path: string, ...more: string[]): Promise<RunResult> {
  return site.landfall('files', 'get', serverId, path, ...more);
}

test(
  'what was written last is there, although only the journal of the file system has it',
  TIMEOUT,
  async () => {
    const first = { what: 'the first recovery point', timeoutMs: READY_MS };
    await waitFor(newestPoint, first);
    await writeSynced('srv/data/last', 'written last');
    const writtenMs = Date.now();
    const seen = async () => {
      // An idle source has no new points.
      await writeSynced('etc/beside', String(Date.now()));
      return Date.parse((await newestPoint())?.cutDateTime ?? '') > writtenMs ? true : undefined;
    };
    await waitFor(seen, { what: 'a point after the last write', timeoutMs: READY_MS });
    const { items } = await ls('/srv/data', '--at', 'LATEST');
    assert.deepEqual(
      items.map(({ name, kind }) => [name, kind]),
      [
        ['a b\nc', 'FILE'],
        ['disk', 'BLOCK_DEVICE'],
        ['last', 'FILE'],
        ['link', 'SYMLINK'],
      ],
    );
    const text = await site.landfall('files', 'ls', serverId, '/srv/data', '--long');
    assert.match(text.stdout, /^-rw-r----- {2}123:456 +5242880 .* a b\\nc$/m);
    assert.match(text.stdout, / link -> \/etc\/passwd$/m);
  },
);

test('a file is fetched with owner and mode, and nothing is overwritten', TIMEOUT, async () => {
  const to = join(local, 'file');
  const got = await get('/srv/data/a b\\nc', '--escaped', '--to', to);
  assert.equal(got.exitCode, 0, got.stderr);
  assert.ok((await readFile(to)).equals(content));
  const { mode, uid, gid } = await lstat(to);
  assert.deepEqual([mode & 0o7777, uid, gid], [0o640, 123, 456]);
  assertRefused(await get('/srv/data/last', '--to', to), 'FILES_TARGET_EXISTS');
  assert.equal((await get('/srv/data/last', '--to', to, '--force')).exitCode, 0);
  assert.equal(await readFile(to, 'utf8'), 'written last');
  assert.equal((await get('/srv/data/last', '--to', '-')).stdout, 'written last');
});

test('a folder is fetched with all but its devices, or kept as an archive', TIMEOUT, async () => {
  const to = join(local, 'folder');
  const got = await get('/srv/data', '--to', to);
  assert.equal(got.exitCode, 0, got.stderr);
  assert.match(got.stdout, /device nodes left out +1/);
  assert.deepEqual((await readdir(to)).sort(), ['a b\nc', 'last', 'link']);
  assert.ok((await readFile(join(to, 'a b\nc'))).equals(content));
  assert.equal(await readlink(join(to, 'link')), '/etc/passwd');
  assert.deepEqual((await lstat(join(to, 'a b\nc'))).uid, 123);
  const archive = join(local, 'a.tar');
  assert.equal((await get('/srv', '--tar', archive)).exitCode, 0);
  const listed = await runChecked(['tar', '--list', `--file=${archive}`]);
  assert.ok(listed.stdout.includes('./data/disk\n'), listed.stdout);
});

test('what is not there is told, and leaves nothing', TIMEOUT, async () => {
  const before = await readdir(local);
  assertRefused(await get('/nowhere', '--to', join(local, 'x')), 'FILES_PATH_MISSING');
  assertRefused(await get('/srv/data/disk', '--to', join(local, 'x')), 'FILES_KIND_UNSUPPORTED');
  assertRefused(await get('/etc', '--to', join(local, 'x'), '--point', '999999'), 'RECOVERY_POINT_MISSING');
  assertRefused(
    await site.landfall('files', 'ls', serverId, '/', '--filesystem', '/dev/sdz'),
    'FILES_FILESYSTEM_UNKNOWN',
  );
  assert.deepEqual(await readdir(local), before);
});
