import assert from 'node:assert/strict';
import test from 'node:test';
import { plainConsoleText } from './console-text.ts';

const ESCAPE = String.fromCharCode(0x1b);

test('colours and cursor movements are left out', () => {
  const raw = `${ESCAPE}[0;32m  OK  ${ESCAPE}[0m Started ${ESCAPE}[1mssh${ESCAPE}[0m.\r\n${ESCAPE}[2J${ESCAPE}[1;1Hlogin: `;
  assert.equal(plainConsoleText(raw), '  OK   Started ssh.\nlogin:');
});

test('titles, character sets and bells are left out', () => {
  const raw = `${ESCAPE}]0;web-1${String.fromCharCode(7)}a${ESCAPE}(Bb${ESCAPE}]2;x${ESCAPE}\\c${String.fromCharCode(7)}`;
  assert.equal(plainConsoleText(raw), 'abc');
});

test('a line that was written over is shown as it was last', () => {
  assert.equal(plainConsoleText('10 %\r50 %\r100 %\r\ndone\r'), '100 %\ndone');
});

test('markup and other languages stay as they are', () => {
  assert.equal(plainConsoleText('<b>\t한국어\n'), '<b>\t한국어');
  assert.equal(plainConsoleText(''), '');
});
