import assert from 'node:assert/strict';
import test from 'node:test';
import type { Output } from './output.ts';
import { formatProgress, Progress } from './progress.ts';

function recorder(interactive: boolean): { output: Output; lines: string[] } {
  const lines: string[] = [];
  const output = {
    json: false,
    interactive,
    out: () => undefined,
    err: (text: string) => void lines.push(text),
  };
  return { output, lines };
}

test('a bar shows its fraction, detail and ETA, and never leaves its bounds', () => {
  assert.equal(
    formatProgress({ label: 'RESCAN', fraction: 0.5, etaMs: 61_000 }),
    `RESCAN [${'#'.repeat(12)}${'.'.repeat(12)}]  50 %  ETA 1 min 1 s`,
  );
  assert.match(formatProgress({ label: 'X', fraction: 7 }), /100 %/);
  assert.equal(formatProgress({ label: 'WAIT', detail: 'for the agent' }), 'WAIT  for the agent');
});

test('without a terminal a new label is shown at once and the same label at most every five seconds', () => {
  const { output, lines } = recorder(false);
  let nowMs = 0;
  const progress = new Progress(output, () => nowMs);
  progress.show({ label: 'A', fraction: 0 });
  nowMs = 1000;
  progress.show({ label: 'A', fraction: 0.1 });
  progress.show({ label: 'B', fraction: 0.2 });
  nowMs = 7000;
  progress.show({ label: 'B', fraction: 0.9 });
  assert.deepEqual(
    lines.map((line) => line.slice(0, 1)),
    ['A', 'B', 'B'],
  );
});
