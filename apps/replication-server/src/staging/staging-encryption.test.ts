/** The keys of a staging area: made once, rotated while journals are open, and lost. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ensureFolder, MIB, OperationError, silentLogger, systemClock } from '@landfall/runtime';
import { retentionBy } from '../journals/file-retention.ts';
import { parseOptions, parseRotationOptions } from '../server-options.ts';
import { rotateKeys } from './rotate-keys.ts';
import { StagingArea } from './staging-area.ts';
import { StagingEncryption } from './staging-encryption.ts';

const DISKS = [{ diskId: 'd-1', deviceName: '/dev/sda', sizeBytes: MIB, isBootDisk: true }];

let folder: string;
let stateFolder: string;
let stagingFolder: string;
let areas: StagingArea[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-staging-keys-'));
  stateFolder = join(folder, 'state');
  stagingFolder = join(folder, 'staging');
  await ensureFolder(stateFolder);
  await ensureFolder(stagingFolder);
  areas = [];
});

afterEach(async () => {
  for (const area of areas) await area.close();
  await rm(folder, { recursive: true, force: true });
});

function optionsOf(...more: readonly string[]) {
  const where = ['--state-dir', stateFolder, '--staging-dir', stagingFolder, '--address', '127.0.0.1'];
  const options = parseOptions([...where, ...more]);
  assert.ok(options !== undefined);
  return options;
}

/** A server with these source servers, each with a clock that lets what failed be tried again at once. */
async function startArea(servers: readonly string[], ...more: readonly string[]): Promise<StagingArea> {
  let nowMs = 0;
  const area = new StagingArea({
    stagingFolder,
    records: [],
    save: async () => undefined,
    disconnect: async () => undefined,
    retentionOf: retentionBy({}),
    encryption: new StagingEncryption({ ...optionsOf(...more), logger: silentLogger }),
    logger: silentLogger,
    clock: { ...systemClock, nowMs: () => (nowMs += 60_000) },
  });
  areas.push(area);
  await configure(area, servers);
  return area;
}

function configure(area: StagingArea, servers: readonly string[]): Promise<void> {
  const server = { certificateFingerprint: 'aa', disks: DISKS };
  return area.configure({ servers: servers.map((sourceServerId) => ({ sourceServerId, ...server })) });
}

async function stalls(area: StagingArea): Promise<readonly (readonly [string, string | undefined])[]> {
  return (await area.report()).map(({ sourceServerId, stalled }) => [sourceServerId, stalled?.code]);
}

const keyFile = () => join(stateFolder, 'encryption.key');
const keysOf = (sourceServerId: string) => readFile(join(stagingFolder, sourceServerId, 'keys.json'), 'utf8');

test('by default new journals are encrypted with a key that is made in the state folder', async () => {
  const area = await startArea(['s-1']);
  assert.equal((await stat(keyFile())).mode & 0o777, 0o600);
  assert.equal(area.server('s-1').group.keys?.count, 1);
  const key = (await readFile(keyFile(), 'utf8')).trim().split('\n').at(-1) ?? '';
  assert.ok(key.length === 64 && !(await keysOf('s-1')).includes(key));
  await area.close();
  assert.deepEqual(await stalls(await startArea(['s-1'])), [['s-1', undefined]], 'and open again with it');
});

test('--no-encryption needs no key, and leaves encrypted what is', async () => {
  const first = await startArea(['s-1']);
  await first.close();
  const area = await startArea(['s-1', 's-2'], '--no-encryption');
  assert.equal(area.server('s-1').group.keys?.count, 1);
  assert.equal(area.server('s-2').group.keys, undefined);
  await area.close();
  const encrypting = await startArea(['s-1', 's-2']);
  assert.equal(encrypting.server('s-2').group.keys, undefined);
});

test('E1: a lost key stalls what it opened, makes no other key, and other servers go on', async () => {
  const plain = await startArea(['s-plain'], '--no-encryption');
  await plain.close();
  const before = await startArea(['s-plain', 's-1']);
  await before.close();
  const keys = await keysOf('s-1');
  await rename(keyFile(), `${keyFile()}.lost`);
  const area = await startArea(['s-plain', 's-1', 's-new']);
  assert.deepEqual(await stalls(area), [
    ['s-plain', undefined],
    ['s-1', 'ENCRYPTION_KEY_MISSING'],
    ['s-new', 'ENCRYPTION_KEY_MISSING'],
  ]);
  const [, stalled] = await area.report();
  assert.match(stalled?.stalled?.message ?? '', /encryption\.key.*put the key back/s);
  await assert.rejects(stat(keyFile()), { code: 'ENOENT' });
  assert.equal(await keysOf('s-1'), keys);
  await writeFile(keyFile(), `${'ab'.repeat(32)}\n`);
  await configure(area, ['s-plain', 's-1']);
  assert.throws(
    () => area.server('s-1'),
    (error) => error instanceof OperationError && error.code === 'ENCRYPTION_KEY_MISSING',
  );
  await rename(`${keyFile()}.lost`, keyFile());
  await configure(area, ['s-plain', 's-1']);
  assert.equal((await stalls(area)).find(([name]) => name === 's-1')?.[1], undefined, 'by itself');
});

test('keys are rotated while journals are open, and the former key may then be taken away', async () => {
  const area = await startArea(['s-1', 's-2']);
  const before = await keysOf('s-1');
  const options = parseRotationOptions(['--state-dir', stateFolder]);
  assert.ok(options !== undefined);
  assert.match(await rotateKeys(options), /has a new key before those it had/);
  await area.refreshKeys();
  await area.refreshKeys();
  for (const name of ['s-1', 's-2']) assert.equal(area.server(name).group.keys?.count, 2);
  assert.notEqual(await keysOf('s-1'), before);
  await area.close();
  const lines = (await readFile(keyFile(), 'utf8')).split('\n').filter((line) => /^[0-9a-f]/.test(line));
  assert.equal(lines.length, 2);
  await writeFile(keyFile(), `${lines[0]}\n`);
  const again = await startArea(['s-1', 's-2', 's-3']);
  assert.deepEqual(
    ['s-1', 's-2', 's-3'].map((name) => again.server(name).group.keys?.count),
    [2, 2, 1],
  );
});

test('another source takes over from the first while both are named', async () => {
  const first = await startArea(['s-1']);
  await first.close();
  const command = join(folder, 'kms');
  await writeFile(command, '#!/bin/sh\nexec rev\n', { mode: 0o700 });
  const sources = ['--encryption-key', `command:${command}`, '--encryption-key', `file:${keyFile()}`];
  const both = await startArea(['s-1'], ...sources);
  assert.deepEqual(await stalls(both), [['s-1', undefined]]);
  await both.close();
  await rm(keyFile());
  const area = await startArea(['s-1', 's-2'], '--encryption-key', `command:${command}`);
  assert.deepEqual(await stalls(area), [
    ['s-1', undefined],
    ['s-2', undefined],
  ]);
  await assert.rejects(stat(keyFile()), { code: 'ENOENT' });
});
