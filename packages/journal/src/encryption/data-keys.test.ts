/** The keys of a journal: rotated at any time, interrupted anywhere, damaged, wrong, and lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, OperationError, seededRandom, silentLogger } from '@landfall/runtime';
import { encodeDocument } from '../documents/sealed-document.ts';
import { putEpoch, rawExtent, readDisk } from '../extents.testing.ts';
import { type JournalGroupSettings, openJournalGroupOn } from '../group/open-journal-group.ts';
import { PowerCut, SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { TEST_WRAPPING_KEY, testEncryption } from '../test-storage.testing.ts';
import { DataKeys, type EncryptionSettings } from './data-keys.ts';
import { WrappingKeyRing } from './wrapping-keys.ts';

const OLD_KEY = TEST_WRAPPING_KEY;
const NEW_KEY = Buffer.alloc(32, 'new');
const DISKS = [{ diskId: 'disk-0', sizeBytes: 100_000 }];

const random = () => seededRandom(9);
const oldSettings = testEncryption([OLD_KEY], random());
const bothSettings: EncryptionSettings = {
  ...testEncryption([NEW_KEY, OLD_KEY], random()),
  rotationId: 'second',
};
const newSettings = testEncryption([NEW_KEY], random());

function open(files: SimulatedJournalFiles, settings: Partial<JournalGroupSettings> = {}) {
  files.sectorsAreAtomic = true;
  const defaults = { disks: DISKS, logger: silentLogger, create: true, reserveBytes: 0, segmentBytes: 3000 };
  return openJournalGroupOn(files, { ...defaults, encryption: oldSettings, ...settings });
}

async function written(seed = 1): Promise<SimulatedJournalFiles> {
  const files = new SimulatedJournalFiles(seededRandom(seed));
  const group = await open(files);
  for (const text of ['one', 'two', 'three'])
    await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(2000, text))]);
  await group.close();
  return files;
}

function hasCode(code: string, words = ''): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof OperationError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(words), error.message);
    return true;
  };
}

test('data keys open with the key that wrapped them, and tell which one is wanted without it', async () => {
  const files = await written();
  const before = files.paths().map((path) => files.content(path));
  await assert.rejects(open(files, { encryption: newSettings }), hasCode('ENCRYPTION_KEY_MISSING', 'key:'));
  await assert.rejects(
    openJournalGroupOn(files, { logger: silentLogger }),
    hasCode('ENCRYPTION_KEY_MISSING', 'no encryption key was given'),
  );
  const none = testEncryption([], random());
  await assert.rejects(open(files, { encryption: none }), hasCode('ENCRYPTION_KEY_MISSING'));
  assert.deepEqual(
    files.paths().map((path) => files.content(path)),
    before,
    'nothing is made in its place',
  );
  const group = await open(files);
  assert.equal(group.lastEpoch, 3);
  await group.close();
});

test('a rotation wraps all keys anew, encrypts new files with a new one, and old files stay readable', async () => {
  const files = await written();
  const group = await open(files);
  const firstKey = group.keys?.newest.keyId ?? '';
  assert.equal(await group.keys?.refresh(bothSettings), true);
  assert.equal(await group.keys?.refresh(bothSettings), false, 'it is there already');
  assert.equal(group.keys?.count, 2);
  const epoch = await putEpoch(group, [rawExtent(0, 50_000, Buffer.alloc(4000, 'four'))]);
  await putEpoch(group, [rawExtent(0, 60_000, Buffer.alloc(4000, 'five'))]);
  await group.close();
  await assert.rejects(open(files), hasCode('ENCRYPTION_KEY_MISSING'));
  const again = await open(files, { encryption: newSettings });
  assert.equal(again.keys?.count, 2);
  assert.ok((await readDisk(again, 3, 0)).subarray(0, 2000).equals(Buffer.alloc(2000, 'three')));
  assert.ok((await readDisk(again, epoch, 0)).subarray(50_000, 54_000).equals(Buffer.alloc(4000, 'four')));
  const used = files
    .paths()
    .filter((path) => path.startsWith('disk-0/') && !path.endsWith('manifest'))
    .map((path) => files.content(path).toString('hex', 8, 24));
  const first = firstKey.replaceAll('-', '');
  assert.ok(used.includes(first) && used.some((keyId) => keyId !== first), used.join());
  await again.close();
});

test('a rotation that is interrupted at any step loses no key, and the next one ends it', async () => {
  for (let operations = 1; ; operations += 1) {
    for (let seed = 0; seed < 8; seed += 1) {
      const files = await written(seed);
      files.cutPowerAfter(operations);
      const opened = await open(files, { encryption: bothSettings }).catch((error: unknown) => error);
      if (!(opened instanceof Error)) {
        assert.ok(operations > 4, `${operations} operations`);
        return;
      }
      assert.ok(opened instanceof PowerCut, String(opened));
      if (seed % 2 === 0) files.restartAfterPowerCut();
      else files.restartAfterKill();
      const group = await open(files, { encryption: bothSettings });
      assert.equal(group.lastEpoch, 3);
      assert.ok((await readDisk(group, 3, 0)).subarray(0, 2000).equals(Buffer.alloc(2000, 'three')));
      await group.close();
      const again = await open(files, { encryption: newSettings });
      assert.equal(again.keys?.count, 2);
      await again.close();
    }
  }
});

test('a creation that is interrupted at any step is begun anew, with whatever key is there then', async () => {
  for (let operations = 1; ; operations += 1) {
    const files = new SimulatedJournalFiles(seededRandom(operations));
    files.cutPowerAfter(operations);
    const first = await open(files).catch((error: unknown) => error);
    if (!(first instanceof Error)) {
      assert.ok(operations > 8, `${operations} operations`);
      return;
    }
    files.restartAfterPowerCut();
    const exists = files.paths().includes('group.json');
    const group = await open(files, { encryption: exists ? oldSettings : newSettings });
    await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(100, 'x'))]);
    await group.close();
  }
});

test('one damaged or lost copy of keys.json is told of and made anew, of two the journal says so', async () => {
  for (const path of ['keys.json', 'keys-copy.json']) {
    for (const isLost of [false, true]) {
      const files = await written();
      if (isLost) await files.remove(path);
      else files.damage(path, (bytes) => bytes.write('?', 100));
      const lines: string[] = [];
      const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
      await (await open(files, { logger })).close();
      assert.ok(lines.some((line) => line.includes('journal-keys-damaged') && line.includes(path)));
      assert.ok(files.content('keys.json').equals(files.content('keys-copy.json')));
      await files.remove('keys.json');
      await files.remove('keys-copy.json');
      await assert.rejects(open(files), hasCode('JOURNAL_DAMAGED', 'keys.json'));
    }
  }
});

test('keys in a form of a later release are not guessed at', async () => {
  const files = await written();
  const document = { format: 'landfall-journal-keys', version: 2, requires: [], dataKeys: [] };
  await files.replace('keys.json', encodeDocument(document));
  await assert.rejects(open(files), hasCode('JOURNAL_VERSION_UNSUPPORTED', 'keys.json'));
});

test('the keys of another journal fit none of the files', async () => {
  const files = await written();
  const other = new SimulatedJournalFiles(seededRandom(77));
  await (await open(other, { encryption: testEncryption([OLD_KEY], seededRandom(77)) })).close();
  for (const path of ['keys.json', 'keys-copy.json']) {
    await files.replace(path, other.content(path).toString());
  }
  await assert.rejects(open(files), hasCode('JOURNAL_DAMAGED', 'which keys.json does not have'));
});

test('a journal stays encrypted, or not, whatever new ones are to be', async () => {
  const files = await written();
  const plainOnly = { ...oldSettings, encryptsNew: false };
  const group = await open(files, { encryption: plainOnly });
  assert.equal(group.keys?.count, 1);
  await group.close();
  const plain = new SimulatedJournalFiles(seededRandom(1));
  await (await open(plain, { encryption: plainOnly })).close();
  assert.ok(!plain.paths().includes('keys.json'));
  const again = await open(plain);
  assert.equal(again.keys, undefined);
  await again.close();
});

test('keys that open but cannot be wrapped anew are used, and it is told', async () => {
  const files = await written();
  const failing = {
    ...testEncryption([NEW_KEY], random()).wrapping,
    description: 'a service',
    wrappingKeyId: async () => 'other',
    wrap: async () => {
      throw new OperationError('ENCRYPTION_COMMAND_FAILED', 'the service is down');
    },
    unwrap: async () => undefined,
  };
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const encryption = { wrapping: new WrappingKeyRing(failing, [oldSettings.wrapping]) };
  const group = await open(files, { encryption, logger });
  assert.equal(group.lastEpoch, 3);
  assert.ok(lines.some((line) => line.includes('journal-keys-not-rotated')));
  await group.close();
});

test('what unwrapping gives is checked, and a key that does not open again is not used', async () => {
  const files = new SimulatedJournalFiles(seededRandom(1));
  const wrong = {
    description: 'a service',
    wrappingKeyId: async () => 'other',
    wrap: async () => ({ wrappingKeyId: 'other', wrapped: 'x' }),
    unwrap: async () => Buffer.alloc(32),
  };
  const create = DataKeys.create({ files, settings: { wrapping: wrong }, logger: silentLogger });
  await assert.rejects(create, hasCode('ENCRYPTION_KEY_INVALID', 'another key'));
  assert.deepEqual(files.paths(), []);
});
