import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { allOperations } from '@landfall/api';
import { compatibilityPage, countWorking } from './compatibility-page.testing.ts';
import { runSdkJourney, SDK_OPERATIONS } from './sdk-journey.testing.ts';

const PAGE = new URL('../../../../docs/api-compatibility.md', import.meta.url);

test('every operation we offer works with the JavaScript SDK, and the page says so', async (t) => {
  assert.equal(SDK_OPERATIONS.length, 70);
  const outcomes = await runSdkJourney(t);
  const working = countWorking(SDK_OPERATIONS, outcomes);
  t.diagnostic(`operations working / total: ${working} / ${SDK_OPERATIONS.length}`);
  const offered = allOperations('mgn').map(({ name }) => name);
  assert.deepEqual([...outcomes.keys()].sort(), offered.toSorted(), 'each was called');
  const page = compatibilityPage(SDK_OPERATIONS, outcomes);
  if (process.env.LANDFALL_WRITE_DOCS === '1') await writeFile(PAGE, page);
  assert.equal(await readFile(PAGE, 'utf8'), page, 'the page is behind: run this with LANDFALL_WRITE_DOCS=1');
});
