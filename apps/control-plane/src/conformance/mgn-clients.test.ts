import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { allOperations } from '@landfall/api';
import { skip } from './botocore.testing.ts';
import { compatibilityPage, countWorking } from './compatibility-page.testing.ts';
import { openBotocore, openSdk, SDK_OPERATIONS } from './mgn-client.testing.ts';
import { type ClientOutcomes, runMgnJourney } from './mgn-journey.testing.ts';

const PAGE = new URL('../../../../docs/api-compatibility.md', import.meta.url);

test('every operation we offer works with both clients, is refused when it is wrong, and the page says so', {
  skip,
}, async (t) => {
  assert.equal(SDK_OPERATIONS.length, 70);
  const [sdk, awscli] = await Promise.all([runMgnJourney(t, openSdk), runMgnJourney(t, openBotocore)]);
  const offered = allOperations('mgn').map(({ name }) => name as string);
  assert.deepEqual(SDK_OPERATIONS, offered.toSorted());
  for (const [name, client] of Object.entries({ sdk, awscli })) {
    t.diagnostic(`${name}: operations working / total: ${workingOf(client)} / ${client.operations.length}`);
    const known = client.operations.toSorted();
    assert.deepEqual([...client.outcomes.keys()].sort(), known, `${name}: each was called`);
    assert.deepEqual([...client.refusals.keys()].sort(), known, `${name}: each was refused`);
  }
  const page = compatibilityPage(SDK_OPERATIONS, { sdk, awscli });
  if (process.env.LANDFALL_WRITE_DOCS === '1') await writeFile(PAGE, page);
  assert.equal(await readFile(PAGE, 'utf8'), page, 'the page is behind: run this with LANDFALL_WRITE_DOCS=1');
});

function workingOf({ operations, outcomes }: ClientOutcomes): number {
  return countWorking(operations, outcomes);
}
