import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { chooseDisks } from './disk-choice.ts';
import { findKnownDisks } from './linux-disks.ts';

/** A server whose only disk is one that the kernel shows no requests for. */
function multipathOnly(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-sys-block-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of [
    ['nvme77n1/size', '2048'],
    ['nvme77c0n1/size', '2048'],
    ['nvme77c0n1/hidden', '1'],
  ] as const) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function wish(said: string[]) {
  return {
    ...{ devices: [], forceVolumes: false, autoDiskDetection: true },
    say: (line: string) => said.push(line),
  };
}

test('a server without a disk that can be tracked is refused, after each was told with what to do', async (context) => {
  const said: string[] = [];
  const choosing = chooseDisks(wish(said), 'track', multipathOnly(context));
  await assert.rejects(choosing, { code: 'DISK_NOT_FOUND' });
  assert.match(said.join('\n'), /^Left out: \/dev\/nvme77n1 \(.*multipath.*install --scan-mode.*\)$/m);
});

test('the remedy works: in scan mode the disk is found, and only its path is left out', async (context) => {
  const said: string[] = [];
  const { found, detection } = await chooseDisks(wish(said), 'scan', multipathOnly(context));
  assert.deepEqual(
    found.map(({ deviceName, sizeBytes }) => [deviceName, sizeBytes]),
    [['/dev/nvme77n1', 1024 * 1024]],
  );
  assert.equal(detection, 'ALL');
  assert.deepEqual(said.slice(1), ['Disks found:']);
  assert.match(said[0] ?? '', /^Left out: \/dev\/nvme77c0n1 /);
});

test('the watch finds what an installation in scan mode took, and none of it where disks are tracked', (context) => {
  const folder = multipathOnly(context);
  const [disk, ...others] = findKnownDisks([], 'scan', folder);
  assert.deepEqual([disk?.deviceName, disk?.isDiscovered, others], ['/dev/nvme77n1', undefined, []]);
  assert.deepEqual(findKnownDisks([], 'track', folder), []);
});
