/** On the staging disk there is nothing of what was replicated, in no file and in no name. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MIB, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, sha256 } from '../extents.testing.ts';
import { openJournalGroup } from '../group/open-journal-group.ts';
import { testEncryption } from '../test-storage.testing.ts';
import type { EncryptionSettings } from './data-keys.ts';

const SECRET = 'the merger will be announced on Friday; ';
/** No shorter than a block of the cipher: eleven letters are not by chance in a few MiB. */
const RECOGNISED = 'announced o';
const CHUNK = Buffer.alloc(MIB, SECRET);

/** Bases, tables, sealed segments, an active one; a first sync in pieces and one that is abandoned. */
async function writeSecrets(folder: string, encryption?: EncryptionSettings): Promise<void> {
  const options = {
    ...{ folder, disks: [{ diskId: 'disk-0', sizeBytes: 3 * MIB + 512 }], create: true, reserveBytes: 0 },
    ...{ logger: silentLogger, segmentBytes: 300_000, ...(encryption === undefined ? {} : { encryption }) },
  };
  const group = await openJournalGroup(options);
  await putEpoch(group, [rawExtent(0, 0, CHUNK), rawExtent(0, 2 * MIB + 77, CHUNK.subarray(0, 5000))]);
  for (let epoch = 2; epoch < 9; epoch += 1) {
    await putEpoch(group, [rawExtent(0, epoch * 1000 + 1, CHUNK.subarray(0, 60_001))]);
  }
  const { header, payload } = rawExtent(0, 5, CHUNK);
  await group.putExtent(header, payload);
  await group.abandon();
  assert.ok((await readDisk(group, 8, 0)).includes(SECRET));
  await group.close();
}

async function filesIn(folder: string): Promise<{ readonly path: string; readonly bytes: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: path.slice(folder.length), bytes: await readFile(path) };
    }),
  );
}

/** Paths of files whose bytes or name hold the text, or the hash of the chunk that is full of it. */
async function revealing(folder: string): Promise<string[]> {
  const hash = sha256(CHUNK);
  const found = (await filesIn(folder)).filter(
    ({ path, bytes }) =>
      path.includes(RECOGNISED) ||
      bytes.includes(RECOGNISED) ||
      bytes.includes(hash) ||
      bytes.includes(hash.toString('hex')),
  );
  return found.map(({ path }) => path).toSorted();
}

test('no file of an encrypted journal holds what is on the disks, nor a hash of it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-plaintext-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeSecrets(join(folder, 'plain'));
  await writeSecrets(join(folder, 'encrypted'), testEncryption());
  const paths = async (name: string) =>
    (await filesIn(join(folder, name))).map(({ path }) => path).toSorted();
  const more = ['/keys-copy.json', '/keys.json'];
  assert.deepEqual(await paths('encrypted'), [...(await paths('plain')), ...more].toSorted());
  const found = await revealing(join(folder, 'plain'));
  assert.ok(found.length >= 3 && found.includes('/disk-0/base'), `the search finds what is there: ${found}`);
  assert.deepEqual(await revealing(join(folder, 'encrypted')), []);
});
