/**
 * Files of a server read on a launch host, in real appliances: a root on ext4, what its fstab
 * mounts from LVM and btrfs, a file system that stands alone, one that is encrypted. qemu-nbd stands where
 * the replication server is otherwise.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  chown,
  link,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CommandInput, FileEntry, MachineDisk } from '@landfall/channel';
import { guestfsEnvironment } from '@landfall/conversion';
import { createLogger, MIB, run, runChecked, systemClock } from '@landfall/runtime';
import { createLaunchHost, type LaunchHost } from '../launch-host.ts';

const TREE = 'files-s-00000000000000000-7';
const BIG_BYTES = 24 * MIB;
const TIMEOUT = { timeout: 600_000 };
/** What only a kernel can make: a volume of LVM, a subvolume of btrfs. */
const MAKE_VOLUMES = `
add-drive DATA format:raw
run
pvcreate /dev/sda1
vgcreate store-1 /dev/sda1
lvcreate srv store-1 24
mkfs ext4 /dev/store-1/srv
mount /dev/store-1/srv /
write /on-lvm "lvm"
umount /
mkfs btrfs /dev/sda2 label:homes
mount /dev/sda2 /
btrfs-subvolume-create /@home
write /@home/in-a-subvolume "btrfs"
umount /
sync
`;
/** LVM, btrfs, a lone ext4, LUKS. */
const PARTITIONS = `label: gpt
start=1MiB, size=40MiB
start=41MiB, size=120MiB
start=161MiB, size=16MiB
start=177MiB, size=8MiB
`;
const FSTAB = `/dev/mapper/store--1-srv /srv ext4 defaults 0 0
LABEL=homes /home btrfs subvol=@home 0 0
`;
const LUKS_MAGIC = Buffer.from('LUKS\xba\xbe\x00\x01', 'latin1');

let folder = '';
let host: LaunchHost;
let disks: MachineDisk[] = [];
let bigHash = '';
const hashes = new Map<string, string>();
const serverPids: number[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lf-'));
  await makeDisks();
  disks = [await serve('root', true), await serve('data', false)];
  for (const { diskId } of disks) hashes.set(diskId, await hashOf(join(folder, `${diskId}.raw`)));
  host = createLaunchHost({
    stateDir: join(folder, 'state'),
    logger: createLogger({ program: 'files-e2e', level: 'warn' }),
    clock: systemClock,
    accelerator: 'tcg',
  });
  await host.start();
}, TIMEOUT);

after(async () => {
  await host?.stop();
  for (const pid of serverPids) stopProcess(pid);
  if (folder !== '') await rm(folder, { recursive: true, force: true });
});

async function makeDisks(): Promise<void> {
  const [root, data, lone, script] = ['root.raw', 'data.raw', 'lone.raw', 'make'].map((name) =>
    join(folder, name),
  );
  const [rootTree, loneTree] = [join(folder, 'root'), join(folder, 'lone')];
  await makeRootTree(rootTree);
  await ext4(root ?? '', '96M', rootTree);
  await mkdir(loneTree);
  await writeFile(join(loneTree, 'alone'), 'alone');
  await ext4(lone ?? '', '16M', loneTree);
  await runChecked(['truncate', '-s', '192M', data ?? '']);
  await runChecked(['sfdisk', '--quiet', data ?? ''], { input: PARTITIONS });
  const file = await openFile(data ?? '', 'r+');
  await file.write(await readFile(lone ?? ''), 0, 16 * MIB, 161 * MIB);
  await file.write(LUKS_MAGIC, 0, LUKS_MAGIC.length, 177 * MIB);
  await file.close();
  await writeFile(script ?? '', MAKE_VOLUMES.replace('DATA', data ?? ''));
  await runChecked(['guestfish', '--file', script ?? ''], {
    env: guestfsEnvironment(false),
    timeoutMs: 600_000,
  });
}

async function makeRootTree(tree: string): Promise<void> {
  for (const name of ['', 'etc', 'srv', 'home', 'names']) await mkdir(join(tree, name));
  await writeFile(join(tree, 'etc/os-release'), 'ID=test\n');
  await writeFile(join(tree, 'etc/fstab'), FSTAB);
  const names = join(tree, 'names');
  await writeFile(join(names, 'with space'), '1');
  await writeFile(join(names, 'new\nline'), '2');
  await writeFile(Buffer.concat([Buffer.from(`${names}/`), Buffer.from([0xff, 0xfe])]), '3');
  await writeFile(join(names, `'quoted' \\ "double"`), '4');
  await symlink('../etc/fstab', join(names, 'link'));
  await symlink('/etc/shadow\nof', join(names, 'odd-link'));
  await link(join(names, 'with space'), join(names, 'hard'));
  await runChecked(['mkfifo', join(names, 'fifo')]);
  await runChecked(['mknod', join(names, 'block'), 'b', '8', '1']);
  await writeFile(join(names, 'hole'), '');
  await truncate(join(names, 'hole'), 8 * MIB);
  await chown(join(names, 'with space'), 1000, 1001);
  await chmod(join(names, 'with space'), 0o4750);
  await runChecked(['dd', 'if=/dev/urandom', `of=${join(tree, 'big')}`, 'bs=1M', `count=${BIG_BYTES / MIB}`]);
  bigHash = await hashOf(join(tree, 'big'));
}

async function ext4(file: string, size: string, tree: string): Promise<void> {
  await runChecked(['truncate', '-s', size, file]);
  await runChecked(['mke2fs', '-q', '-t', 'ext4', '-d', tree, file]);
}

async function serve(diskId: string, isBootDisk: boolean): Promise<MachineDisk> {
  const file = join(folder, `${diskId}.raw`);
  const socket = join(folder, `${diskId}.sock`);
  const pidFile = join(folder, `${diskId}.pid`);
  const options = [
    '--read-only',
    '--format=raw',
    '--persistent',
    '--shared=8',
    '--fork',
    `--pid-file=${pidFile}`,
  ];
  await runChecked(['qemu-nbd', ...options, `--socket=${socket}`, '--export-name=view', file]);
  serverPids.push(Number(await readFile(pidFile, 'utf8')));
  const sizeBytes = (diskId === 'root' ? 96 : 192) * MIB;
  const deviceName = diskId === 'root' ? '/dev/nvme0n1' : '/dev/nvme1n1';
  return { diskId, deviceName, sizeBytes, isBootDisk, nbdUri: `nbd+unix:///view?socket=${socket}` };
}

function stopProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    process.stderr.write(`qemu-nbd ${pid} has ended already: ${String(error)}\n`);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

async function open(): Promise<void> {
  for (let state = ''; state !== 'READY'; )
    ({ state } = await host.handlers.openFiles({ treeId: TREE, disks }));
}

function place(path: string | Buffer, filesystem?: string) {
  const where = { treeId: TREE, pathBase64: Buffer.from(path).toString('base64') };
  return filesystem === undefined ? where : { ...where, filesystem };
}

async function list(path: string, more: Partial<CommandInput<'launch-host', 'listFiles'>> = {}) {
  const listing = await host.handlers.listFiles({ ...place(path), limit: 100, ...more });
  return listing.entries;
}

function nameOf({ nameBase64 }: FileEntry): string {
  return Buffer.from(nameBase64, 'base64').toString('latin1');
}

async function fetchWhole(path: string | Buffer, filesystem?: string): Promise<Buffer> {
  const transferId = `t-${serial()}`;
  await host.handlers.beginFileTransfer({ ...place(path, filesystem), transferId });
  const parts: Buffer[] = [];
  for (let sequence = 0, isLast = false; !isLast; sequence += 1) {
    const piece = await host.handlers.readFileTransfer({ transferId, sequence });
    assert.deepEqual(
      await host.handlers.readFileTransfer({ transferId, sequence }),
      piece,
      'asked for again',
    );
    parts.push(Buffer.from(piece.contentBase64 ?? '', 'base64'), Buffer.alloc(piece.zeroBytes ?? 0));
    isLast = piece.isLast;
  }
  await host.handlers.endFileTransfer({ transferId });
  return Buffer.concat(parts);
}

let count = 0;
function serial(): number {
  count += 1;
  return count;
}

test('what is open is the root with all that its fstab mounts', TIMEOUT, async (context) => {
  const startedNs = process.hrtime.bigint();
  await open();
  context.diagnostic(`opened in ${Number((process.hrtime.bigint() - startedNs) / 1_000_000n)} ms`);
  const { filesystems } = await host.handlers.openFiles({ treeId: TREE, disks });
  const known = filesystems.map(({ device, type }) => `${device} ${type}`);
  for (const one of ['/dev/nvme0n1 ext4', '/dev/nvme1n1p3 ext4'])
    assert.ok(known.includes(one), known.join(', '));
  assert.deepEqual((await list('/srv')).map(nameOf), ['lost+found', 'on-lvm']);
  assert.deepEqual((await list('/home')).map(nameOf), ['in-a-subvolume']);
  assert.equal((await fetchWhole('/home/in-a-subvolume')).toString(), 'btrfs');
  assert.equal(
    (await fetchWhole('/../names/./link')).toString().split(' ')[1],
    '/srv',
    'a link, inside the guest',
  );
});

test('every name and kind of file is listed as it is', TIMEOUT, async () => {
  const entries = await list('/names');
  assert.deepEqual(
    entries.map((entry) => [nameOf(entry), entry.kind]),
    [
      [`'quoted' \\ "double"`, 'FILE'],
      ['block', 'BLOCK_DEVICE'],
      ['fifo', 'FIFO'],
      ['hard', 'FILE'],
      ['hole', 'FILE'],
      ['link', 'SYMLINK'],
      ['new\nline', 'FILE'],
      ['odd-link', 'SYMLINK'],
      ['with space', 'FILE'],
      ['\xff\xfe', 'FILE'],
    ],
  );
  const entry = entries.find((one) => nameOf(one) === 'with space');
  const { mode, uid, gid, sizeBytes, linkCount } = entry ?? ({} as FileEntry);
  assert.deepEqual(
    { mode, uid, gid, sizeBytes, linkCount },
    { mode: 0o4750, uid: 1000, gid: 1001, sizeBytes: 1, linkCount: 2 },
  );
  const odd = entries.find((one) => nameOf(one) === 'odd-link');
  assert.equal(Buffer.from(odd?.targetBase64 ?? '', 'base64').toString(), '/etc/shadow\nof');
  const hole = entries.find((one) => nameOf(one) === 'hole');
  assert.deepEqual([hole?.sizeBytes, hole?.allocatedBytes], [8 * MIB, 0]);
  const afterBase64 = entries[3]?.nameBase64 ?? '';
  assert.deepEqual(await list('/names', { afterBase64, limit: 2 }), entries.slice(4, 6), 'a page');
  assert.equal((await fetchWhole(Buffer.from('/names/\xff\xfe', 'latin1'))).toString(), '3');
  assert.equal((await fetchWhole('/names/new\nline')).toString(), '2');
});

test('a file comes whole, a hole as zeroes, a folder as an archive that tar reads', TIMEOUT, async () => {
  const big = await fetchWhole('/big');
  assert.equal(createHash('sha256').update(big).digest('hex'), bigHash);
  const hole = await fetchWhole('/names/hole');
  assert.ok(hole.length === 8 * MIB && hole.every((byte) => byte === 0));
  const archive = await fetchWhole('/names');
  const listed = await runChecked(['tar', '--list', '--verbose', '--numeric-owner', '--file=-'], {
    input: archive,
  });
  assert.match(listed.stdout, /^-rwsr-x--- 1000\/1001 /m);
  assert.match(listed.stdout, /link to /);
  assert.equal(listed.stdout.trim().split('\n').length, 11);
});

test('a file system can be read alone, and what cannot be read says why', TIMEOUT, async () => {
  assert.equal((await fetchWhole('/alone', '/dev/nvme1n1p3')).toString(), 'alone');
  const refused = async (code: string, path: string, filesystem?: string) =>
    assert.rejects(host.handlers.listFiles({ ...place(path, filesystem), limit: 9 }), { code }, path);
  await refused('FILES_FILESYSTEM_UNKNOWN', '/', '/dev/sdz9');
  await refused('FILES_ENCRYPTED', '/', '/dev/nvme1n1p4');
  await refused('FILES_PATH_MISSING', '/nowhere');
  await refused('FILES_PATH_MISSING', '/etc/fstab/below');
  await refused('FILES_PATH_INVALID', 'etc');
  const begin = (path: string) =>
    host.handlers.beginFileTransfer({ ...place(path), transferId: `t-${serial()}` });
  await assert.rejects(begin('/names/fifo'), { code: 'FILES_KIND_UNSUPPORTED' });
  await assert.rejects(begin('/nowhere'), { code: 'FILES_PATH_MISSING' });
  assert.equal((await fetchWhole('/srv/on-lvm')).toString(), 'lvm', 'the whole tree again');
});

test('a transfer that is ended before its end leaves the appliance usable', TIMEOUT, async () => {
  const transferId = `t-${serial()}`;
  await host.handlers.beginFileTransfer({ ...place('/big'), transferId });
  await host.handlers.readFileTransfer({ transferId, sequence: 0 });
  await host.handlers.endFileTransfer({ transferId });
  await assert.rejects(host.handlers.readFileTransfer({ transferId, sequence: 1 }), {
    code: 'FILES_TRANSFER_BROKEN',
  });
  assert.equal((await list('/etc')).length, 2);
});

test('the views were only read, and nothing is left when the launch host ends', TIMEOUT, async () => {
  await host.stop();
  for (const { diskId } of disks)
    assert.equal(await hashOf(join(folder, `${diskId}.raw`)), hashes.get(diskId), diskId);
  assert.deepEqual(await readdir(join(folder, 'state/files')), []);
  const { stdout } = await run(['pgrep', '--full', join(folder, 'state/files')]);
  assert.equal(stdout.trim(), '', 'an appliance is left');
});
