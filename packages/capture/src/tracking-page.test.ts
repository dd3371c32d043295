import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const PAGE = join(import.meta.dirname, '../TRACKING.md');
const REQUIREMENTS = 40;

function testsBelow(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = entries.filter((name) => name.endsWith('.test.ts') && !name.includes('tracking-page'));
  return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

test('every requirement of tracking has its row, and every test that a row names exists', () => {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => /^\| \d/.test(line));
  const numbers = rows.flatMap((row) => row.split('|')[1]?.split(',').map(Number) ?? []);
  assert.deepEqual(
    numbers,
    Array.from({ length: REQUIREMENTS }, (_, index) => index + 1),
  );
  const tests = testsBelow(import.meta.dirname);
  const titles = rows.flatMap((row) => [...row.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? ''));
  assert.deepEqual(
    titles.filter((title) => !tests.includes(title)),
    [],
  );
});
