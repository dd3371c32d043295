import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { cliPage } from './cli-page.ts';

const PAGE = new URL('../../../../docs/cli.md', import.meta.url);

test('docs/cli.md is what the tree of commands says', async () => {
  const page = cliPage();
  if (process.env.LANDFALL_WRITE_DOCS === '1') await writeFile(PAGE, page);
  assert.equal(await readFile(PAGE, 'utf8'), page, 'the page is behind: run this with LANDFALL_WRITE_DOCS=1');
});
