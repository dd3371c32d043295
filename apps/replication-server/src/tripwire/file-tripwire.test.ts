/** What was learned outlives the program, and damage of it harms nothing. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, seededRandom } from '@landfall/runtime';
import { readTripwire, writeTripwire } from './file-tripwire.ts';

const STATE = {
  days: [{ day: 20_000, bytes: [1, 2, 3], isDoubtful: false }],
  incidents: [
    {
      ...{ detectedAtMs: 5, onset: { epoch: 7, cutTimeMs: 4 }, windowMs: 30_000, convertedBytes: 99 },
      ...{ diskIndexes: [0, 2], lastSeenAtMs: 6, endedAtMs: 8, pinnedEpoch: 6 },
    },
  ],
};

test('what is written is read again; damage of any byte begins anew, and is said', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-tripwire-file-'));
  t.after(() => rm(folder, { recursive: true }));
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  assert.equal((await readTripwire(folder, logger)).size, 0);
  await writeTripwire(folder, new Map([['s-1', STATE]]));
  assert.deepEqual((await readTripwire(folder, logger)).get('s-1'), STATE);
  assert.equal(lines.length, 0);
  const path = join(folder, 'tripwire.json');
  const text = await readFile(path, 'utf8');
  const random = seededRandom(3);
  for (const damaged of [text.slice(0, 40), '', '[]', '{"version":1,"servers":{"s-1":{"days":[1]}}}']) {
    await writeFile(path, damaged);
    assert.equal((await readTripwire(folder, logger)).size, 0);
  }
  assert.equal(lines.filter((line) => line.includes('tripwire-begins-anew')).length, 4);
  for (let round = 0; round < 200; round += 1) {
    const bytes = Buffer.from(text);
    bytes[random.integer(bytes.length)] = random.integer(256);
    await writeFile(path, bytes);
    await readTripwire(folder, logger);
  }
});
