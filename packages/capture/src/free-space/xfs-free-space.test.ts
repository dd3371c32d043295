import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NotProved } from './proof.ts';
import { XfsSpaceMap } from './xfs-free-space.ts';

const HEADER = 'EXT,MAJOR,MINOR,PSTART,PEND,OWNER,OSTART,OEND,LENGTH';
const LINES = [
  HEADER,
  '0,7,1,0,79,special_0:2,,,80',
  '1,7,1,80,127,special_0:1,,,48',
  '2,7,1,128,199,131,0,71,72',
];

function parse(lines: readonly string[], pieceLength = 7): readonly number[][] {
  const found: number[][] = [];
  const map = new XfsSpaceMap({ device: '7:1', sizeBytes: 102_400, found: (...range) => found.push(range) });
  const text = lines.map((line) => `${line}\n`).join('');
  for (let at = 0; at < text.length; at += pieceLength) map.add(text.slice(at, at + pieceLength));
  map.end();
  return found;
}

test('free extents are found however the output is cut', () => {
  for (const pieceLength of [1, 7, 1000]) assert.deepEqual(parse(LINES, pieceLength), [[40_960, 24_576]]);
});

test('another form, another device, an impossible extent and a cut output prove nothing', () => {
  const [, first = '', second = ''] = LINES;
  assert.throws(() => parse(['EXT: DEV BLOCK-RANGE OWNER', first]), NotProved);
  assert.throws(() => parse([HEADER, 'xfs_io: cannot open']), NotProved);
  assert.throws(() => parse([HEADER, second.replace(',7,', ',8,')]), NotProved);
  assert.throws(() => parse([HEADER, '0,7,1,80,127,special_0:1,,,49']), NotProved);
  assert.throws(() => parse([HEADER, '0,7,1,100,299,special_0:1,,,200']), NotProved);
  assert.throws(() => parse([HEADER]), NotProved);
  assert.throws(() => parse(['x'.repeat(2000)]), NotProved);
});
