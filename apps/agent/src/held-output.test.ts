import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldOutput } from './held-output.ts';

test('lines are kept back while they are held, then written in their order', () => {
  const written: string[] = [];
  const output = new HeldOutput((line) => written.push(line));
  output.write('a');
  output.hold();
  output.write('b');
  output.write('c');
  assert.deepEqual([written, output.isHeld], [['a'], true]);
  output.release();
  output.write('d');
  assert.deepEqual([written, output.isHeld], [['a', 'b', 'c', 'd'], false]);
});

test('of too many lines the first are kept, and the rest is counted', () => {
  const written: string[] = [];
  const output = new HeldOutput((line) => written.push(line));
  output.hold();
  for (let count = 0; count < 1500; count += 1) output.write(`${count}`);
  output.release();
  assert.equal(written.length, 1001);
  assert.match(written.at(-1) ?? '', /lines-dropped.*500/);
});
