/** What servers do all day, with the real programs, and which has looked like an attack to somebody. */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB, runChecked } from '../../packages/runtime/src/index.ts';
import { Postgres } from './file-postgres.ts';
import { copyFiles, filesIn, removeAll, writeLogs } from './victim-disk.ts';

export interface Workload {
  readonly name: string;
  /** Before anything is watched for. */
  prepare(folder: string, size: number): Promise<void>;
  /** What is watched. `size`: 1, or less for a quick run. */
  run(folder: string, size: number): Promise<void>;
  /** Looks like an attack to whoever sees only blocks: told, and not held against it. */
  readonly isAmbiguous?: boolean;
}

const TIMEOUT_MS = 10 * 60_000;
const ARCHIVES = '/var/cache/apt/archives';
const UPGRADE_BYTES = 160 * MIB;
const SOURCE_BYTES = 400 * MIB;
const LOG_BYTES = 400 * MIB;

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'package upgrade: 160 MiB of Debian packages unpacked over the same ones',
    prepare: async (folder, size) => unpackPackages(folder, size),
    run: async (folder, size) => {
      const archives = join(folder, 'archives');
      await mkdir(archives);
      for (const path of await packages(size)) await copyTo(path, archives);
      await unpackPackages(folder, size);
      await removeAll(archives);
    },
  },
  {
    name: 'database restore: PostgreSQL, pg_restore, old database dropped, pgbench for 15 s',
    prepare: async (folder, size) => {
      const postgres = await Postgres.create(folder);
      await postgres.fill('shop', Math.max(1, Math.round(20 * size)));
      await postgres.dump('shop', join(folder, 'shop.dump'));
      await postgres.stop();
    },
    run: async (folder) => {
      const postgres = await Postgres.start(folder);
      await postgres.restore(join(folder, 'shop.dump'), 'shop2');
      await postgres.drop('shop');
      await postgres.dump('shop2', join(folder, 'shop2.dump'));
      await postgres.load('shop2', 15);
      await postgres.stop();
    },
  },
  compression('gzip', ['gzip', '-6']),
  compression('xz', ['xz', '-1', '-T1']),
  compression('zstd', ['zstd', '-q', '-3', '--rm']),
  {
    name: 'copies of a virtual machine image: raw, and compressed qcow2',
    prepare: async (folder, size) => {
      await copyFiles(join(folder, 'content'), 200 * MIB * size);
      const image = ['mkfs.ext4', '-q', '-F', '-d', join(folder, 'content'), join(folder, 'vm.raw')];
      await runChecked([...image, `${Math.round(600 * size) + 100}M`], { timeoutMs: TIMEOUT_MS });
    },
    run: async (folder) => {
      await runChecked(['cp', '--sparse=never', join(folder, 'vm.raw'), join(folder, 'vm-2.raw')], {
        timeoutMs: TIMEOUT_MS,
      });
      const convert = [
        'qemu-img',
        'convert',
        '-c',
        '-O',
        'qcow2',
        join(folder, 'vm.raw'),
        join(folder, 'vm.qcow2'),
      ];
      await runChecked(convert, { timeoutMs: TIMEOUT_MS });
      await removeAll(join(folder, 'vm.raw'));
    },
  },
  {
    name: 'backup: tar.xz made, unpacked elsewhere, and the one of yesterday deleted',
    prepare: async (folder, size) => {
      await copyFiles(join(folder, 'source'), 250 * MIB * size);
      await archive(folder, 'yesterday.tar.xz');
    },
    run: async (folder) => {
      await archive(folder, 'today.tar.xz');
      await mkdir(join(folder, 'unpacked'));
      const unpack = ['tar', '-xJf', join(folder, 'today.tar.xz'), '-C', join(folder, 'unpacked')];
      await runChecked(unpack, { timeoutMs: TIMEOUT_MS });
      await removeAll(join(folder, 'yesterday.tar.xz'));
    },
  },
  {
    name: 'rsync --delete of a source tree, twice',
    prepare: async (folder, size) => {
      await copyFiles(join(folder, 'old'), SOURCE_BYTES * size * 0.5);
      await copyFiles(join(folder, 'source'), SOURCE_BYTES * size);
    },
    run: async (folder) => {
      for (const source of ['source', 'old']) {
        const sync = ['rsync', '-a', '--delete', `${join(folder, source)}/`, `${join(folder, 'mirror')}/`];
        await runChecked(sync, { timeoutMs: TIMEOUT_MS });
      }
    },
  },
  {
    name: 'encrypted backup written into space that deleted logs had, while nothing is deleted',
    prepare: async (folder, size) => {
      await writeLogs(join(folder, 'logs'), LOG_BYTES * size, 77);
      await copyFiles(join(folder, 'source'), 250 * MIB * size);
      await runChecked(['sync', '--file-system', folder], { timeoutMs: TIMEOUT_MS });
      await removeAll(join(folder, 'logs'));
    },
    run: (folder) => encryptedBackup(folder),
  },
  {
    name: 'encrypted backup written while as many logs are deleted',
    isAmbiguous: true,
    prepare: async (folder, size) => {
      await writeLogs(join(folder, 'logs'), LOG_BYTES * size, 78);
      await copyFiles(join(folder, 'source'), 400 * MIB * size);
    },
    run: async (folder) => {
      await encryptedBackup(folder);
      await removeAll(join(folder, 'logs'));
    },
  },
];

function compression(name: string, command: readonly string[]): Workload {
  return {
    name: `${name} of 400 MiB of text logs, originals deleted`,
    prepare: (folder, size) => writeLogs(folder, LOG_BYTES * size, name.length),
    run: async (folder) => {
      for (const path of await filesIn(folder))
        await runChecked([...command, path], { timeoutMs: TIMEOUT_MS });
    },
  };
}

async function encryptedBackup(folder: string): Promise<void> {
  const tar = join(folder, '..', 'backup.tar');
  await runChecked(['tar', '-cf', tar, '-C', join(folder, 'source'), '.'], { timeoutMs: TIMEOUT_MS });
  const key = randomBytes(32).toString('hex');
  const encrypt = ['openssl', 'enc', '-aes-256-ctr', '-K', key, '-iv', '0'.repeat(32), '-in', tar];
  await runChecked([...encrypt, '-out', join(folder, 'backup.enc')], { timeoutMs: TIMEOUT_MS });
  await removeAll(tar);
}

async function archive(folder: string, name: string): Promise<void> {
  const command = [
    'tar',
    '--use-compress-program=xz -1 -T1',
    '-cf',
    join(folder, name),
    '-C',
    join(folder, 'source'),
    '.',
  ];
  await runChecked(command, { timeoutMs: TIMEOUT_MS });
}

/** Those of the machine's cache, the same ones each time. */
async function packages(size: number): Promise<readonly string[]> {
  const names = (await readdir(ARCHIVES)).filter((name) => name.endsWith('.deb')).sort();
  const chosen: string[] = [];
  let bytes = 0;
  for (const name of names) {
    if (bytes >= UPGRADE_BYTES * size) break;
    bytes += (await stat(join(ARCHIVES, name))).size;
    chosen.push(join(ARCHIVES, name));
  }
  return chosen;
}

/** As dpkg does: each file is unpacked beside the old one and takes its place. */
async function unpackPackages(folder: string, size: number): Promise<void> {
  const root = join(folder, 'root');
  await mkdir(root, { recursive: true });
  for (const path of await packages(size)) {
    await runChecked(['dpkg-deb', '--extract', path, root], { timeoutMs: TIMEOUT_MS });
  }
}

async function copyTo(path: string, folder: string): Promise<void> {
  await cp(path, join(folder, path.slice(path.lastIndexOf('/') + 1)));
}
