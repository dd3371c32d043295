/** Wrapping keys from a file, a variable and a command: real files, real programs. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { OperationError, seededRandom, systemRandom } from '@landfall/runtime';
import { CommandWrappingKeys } from './command-wrapping-keys.ts';
import { parseKeySource, wrappingKeysOf } from './encryption-keys.ts';
import { addKeyToFile, createKeyFile, fileWrappingKeys } from './file-wrapping-keys.ts';
import { LocalWrappingKeys } from './wrapping-keys.ts';

const DATA_KEY = seededRandom(1).bytes(32);
const LABEL = 'data key 1';
const HEX = '0f'.repeat(32);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-keys-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function hasCode(code: string, words = ''): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof OperationError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(words), error.message);
    return true;
  };
}

async function command(script: string): Promise<string> {
  const path = join(folder, 'kms');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o700);
  return path;
}

test('what was wrapped opens with its key and label only', async () => {
  const keys = [Buffer.alloc(32, 'a'), Buffer.alloc(32, 'b')];
  const wrapping = new LocalWrappingKeys('the test', async () => keys, systemRandom);
  const wrapped = await wrapping.wrap(DATA_KEY, LABEL);
  assert.ok(!wrapped.wrapped.includes(DATA_KEY.toString('base64').slice(0, 8)));
  assert.deepEqual(await wrapping.unwrap(wrapped, LABEL), DATA_KEY);
  const reversed = new LocalWrappingKeys('reversed', async () => keys.toReversed(), systemRandom);
  assert.deepEqual(await reversed.unwrap(wrapped, LABEL), DATA_KEY, 'any of several keys opens');
  assert.notEqual(await reversed.wrappingKeyId(), await wrapping.wrappingKeyId());
  await assert.rejects(wrapping.unwrap(wrapped, 'data key 2'), hasCode('ENCRYPTION_KEY_INVALID'));
  const other = new LocalWrappingKeys('other', async () => [Buffer.alloc(32, 'c')], systemRandom);
  assert.equal(await other.unwrap(wrapped, LABEL), undefined);
  const bytes = Buffer.from(wrapped.wrapped, 'base64');
  for (let at = 0; at < bytes.length; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    await assert.rejects(
      wrapping.unwrap({ ...wrapped, wrapped: damaged.toString('base64') }, LABEL),
      hasCode('ENCRYPTION_KEY_INVALID'),
    );
  }
});

test('a key file is made once, for its owner alone, and gets new keys at its beginning', async () => {
  const path = join(folder, 'encryption.key');
  const keys = fileWrappingKeys(path);
  await assert.rejects(keys.wrap(DATA_KEY, LABEL), hasCode('ENCRYPTION_KEY_MISSING', path));
  await assert.rejects(addKeyToFile(path), hasCode('ENCRYPTION_KEY_MISSING', path));
  assert.equal(await createKeyFile(path), true);
  assert.equal(await createKeyFile(path), false);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const wrapped = await keys.wrap(DATA_KEY, LABEL);
  await addKeyToFile(path);
  assert.notEqual(await keys.wrappingKeyId(), wrapped.wrappingKeyId);
  assert.deepEqual(await keys.unwrap(wrapped, LABEL), DATA_KEY);
  assert.match(await readFile(path, 'utf8'), /^# [^\n]+\n# [^\n]+\n[0-9a-f]{64}\n[0-9a-f]{64}\n$/);
  await writeFile(path, `${HEX.slice(1)}\n`);
  await assert.rejects(keys.unwrap(wrapped, LABEL), hasCode('ENCRYPTION_KEY_INVALID', path));
  await rm(path);
  await assert.rejects(keys.unwrap(wrapped, LABEL), hasCode('ENCRYPTION_KEY_MISSING', path));
});

test('keys in a variable are taken out of the environment, and an empty one has none', async () => {
  const environment: Record<string, string | undefined> = { KEY: `${HEX}, ${'aa'.repeat(32)} # old` };
  const keys = wrappingKeysOf([parseKeySource('env:KEY')], environment);
  assert.deepEqual(environment, {});
  const wrapped = await keys.wrap(DATA_KEY, LABEL);
  assert.deepEqual(await keys.unwrap(wrapped, LABEL), DATA_KEY);
  const none = wrappingKeysOf([parseKeySource('env:KEY')], environment);
  await assert.rejects(none.wrap(DATA_KEY, LABEL), hasCode('ENCRYPTION_KEY_MISSING', 'KEY'));
  assert.throws(() => parseKeySource('vault:x'), hasCode('OPTION_INVALID'));
});

test('a command wraps and unwraps, and another source opens what it wrapped before', async () => {
  const path = await command('case $1 in wrap) rev;; unwrap) rev;; esac');
  const keys = wrappingKeysOf([parseKeySource(`command:${path}`), parseKeySource('env:KEY')], { KEY: HEX });
  const wrapped = await keys.wrap(DATA_KEY, LABEL);
  assert.deepEqual(await keys.unwrap(wrapped, LABEL), DATA_KEY);
  const before = await wrappingKeysOf([parseKeySource('env:KEY')], { KEY: HEX }).wrap(DATA_KEY, LABEL);
  assert.deepEqual(await keys.unwrap(before, LABEL), DATA_KEY);
});

test('a command that fails at first is asked again, and one that goes on failing is named', async () => {
  const once = await command(
    `[ -e ${folder}/tried ] && exec rev; touch ${folder}/tried; echo busy >&2; exit 1`,
  );
  const keys = new CommandWrappingKeys(once);
  assert.deepEqual(await keys.unwrap(await keys.wrap(DATA_KEY)), DATA_KEY);
  const failing = new CommandWrappingKeys(
    await command(`echo call >> ${folder}/calls; echo no access >&2; exit 3`),
  );
  await assert.rejects(
    failing.wrap(DATA_KEY),
    hasCode('ENCRYPTION_COMMAND_FAILED', 'exited with 3: no access'),
  );
  await assert.rejects(failing.wrap(DATA_KEY), hasCode('ENCRYPTION_COMMAND_FAILED', 'no access'));
  const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n').length;
  assert.equal(calls, 3, 'the second time it is not asked at all');
});

test('a command that hangs is killed, and one that is missing or talks nonsense is told of', async () => {
  const hanging = new CommandWrappingKeys(await command('sleep 1000'), { timeoutMs: 100 });
  await assert.rejects(hanging.wrap(DATA_KEY), hasCode('ENCRYPTION_COMMAND_FAILED', 'within 100 ms'));
  const missing = new CommandWrappingKeys(join(folder, 'missing'));
  await assert.rejects(missing.wrap(DATA_KEY), hasCode('ENCRYPTION_COMMAND_FAILED', 'cannot be started'));
  const silent = new CommandWrappingKeys(await command('cat > /dev/null'));
  await assert.rejects(silent.wrap(DATA_KEY), hasCode('ENCRYPTION_COMMAND_FAILED', '0 characters'));
  const secret = DATA_KEY.toString('base64');
  const leaking = new CommandWrappingKeys(await command(`cat > /dev/null; echo ${secret} and more`));
  await assert.rejects(leaking.unwrap({ wrappingKeyId: 'command', wrapped: 'x' }), (error) => {
    assert.ok(error instanceof OperationError && !error.message.includes(secret), 'no key is shown');
    return hasCode('ENCRYPTION_COMMAND_FAILED', 'no key of 32 bytes')(error);
  });
});
