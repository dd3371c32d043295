import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { retry, silentLogger } from '@landfall/runtime';
import { fakeProgram } from '../appliance/fake-program.testing.ts';
import { runVirtV2v, type VirtV2vRequest } from './guestfs-virt-v2v.ts';

const DISKS = [
  {
    ...{ diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: 1024, isBootDisk: true },
    overlayPath: '/none/overlay.qcow2',
  },
];
const PROBE = 'test "$1" = --version && exit 0';

/** `script`: what it does when it is asked to convert; `$FOLDER` is one of its own. */
async function withFake(context: TestContext, script: string) {
  const folder = await fakeProgram(
    context,
    'virt-v2v-in-place',
    `${PROBE}\nFOLDER=$(dirname "$0")\n${script}`,
  );
  const said: string[] = [];
  const request: VirtV2vRequest = {
    ...{ disks: DISKS, scratchFolder: folder, useKvm: false, logger: silentLogger },
    onMessage: ({ type, text }) => said.push(`${type} ${text}`),
  };
  return { folder, said, request };
}

function say(type: string, text: string): string {
  return `echo '{ "message": "${text}", "type": "${type}" }'`;
}

test('it is told of the disks, without hardware virtualization, and heard while it works', async (context) => {
  const { folder, said, request } = await withFake(
    context,
    `cp "$4" "$FOLDER/seen.xml"; echo "$LIBGUESTFS_BACKEND $LIBGUESTFS_BACKEND_SETTINGS $1 $2 $3" > "$FOLDER/seen"
${say('message', 'Inspecting')}
${say('info', 'This guest does not have virtio drivers installed.')}`,
  );
  assert.equal(await runVirtV2v(request), 'COMPATIBLE');
  assert.deepEqual(said, ['message Inspecting', 'info This guest does not have virtio drivers installed.']);
  assert.equal(
    await readFile(join(folder, 'seen'), 'utf8'),
    'direct force_tcg --machine-readable -i libvirtxml\n',
  );
  assert.match(await readFile(join(folder, 'seen.xml'), 'utf8'), /overlay\.qcow2/);
  assert.ok(!existsSync(join(folder, 'virt-v2v.xml')));
});

test('what it could not do is told in its own words, and is not tried again', async (context) => {
  const { request } = await withFake(context, `${say('error', 'no kernel')}; echo noise >&2; exit 1`);
  await assert.rejects(runVirtV2v(request), {
    code: 'VIRT_V2V_FAILED',
    message: 'virt-v2v could not convert the guest: no kernel',
    retryable: false,
  });
});

test('one that hangs is ended with all it started, at its time or when nobody wants it any more', async (context) => {
  const { folder, request } = await withFake(
    context,
    // The number that it has outside of its namespace.
    `( read line < /proc/self/stat; echo "$line" > "$FOLDER/child"; exec sleep 1000 ) &
${say('message', 'Opening')}
wait`,
  );
  await assert.rejects(runVirtV2v({ ...request, timeoutMs: 1500 }), {
    code: 'VIRT_V2V_FAILED',
    message: /did not end within 1500 ms; the last it said: Opening/,
  });
  const child = Number.parseInt(await readFile(join(folder, 'child'), 'utf8'), 10);
  assert.ok(child > 1);
  await retry(async () => assert.ok(!existsSync(`/proc/${child}`), 'nothing that it started is left'), {
    attemptsMax: 100,
  });
  const gone = new AbortController();
  const run = runVirtV2v({
    ...request,
    signal: gone.signal,
    onMessage: () => gone.abort(new Error('terminated')),
  });
  await assert.rejects(run, /terminated/);
  assert.ok(!existsSync(join(folder, 'virt-v2v.xml')));
});

test('one that dies is begun again', async (context) => {
  const { request } = await withFake(context, 'kill -KILL $PPID; sleep 1000');
  await assert.rejects(runVirtV2v(request), { code: 'VIRT_V2V_FAILED', retryable: true });
});
