import assert from 'node:assert/strict';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run, runChecked, systemClock } from '@landfall/runtime';
import fc from 'fast-check';
import {
  type GuestScript,
  OUTPUT_BYTES_MAX,
  parseReports,
  quote,
  runnerScript,
  scriptFiles,
  scriptsDisk,
} from './post-launch-runner.ts';

function scriptOf(actionId: string, lines: string, changes: Partial<GuestScript> = {}): GuestScript {
  const script = `#!/bin/sh\n${lines}\n`;
  return {
    actionId,
    name: actionId,
    script,
    parameters: {},
    timeoutSeconds: 20,
    mustSucceed: false,
    ...changes,
  };
}

/** A guest's part of the file system, with a file in place of the serial port, and one in place of a disk. */
async function guestFolder(t: TestContext, scripts?: readonly GuestScript[]) {
  const root = await mkdtemp(join(tmpdir(), 'lf runner-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const place = { folder: join(root, 'runner'), port: join(root, 'port'), disks: join(root, 'block') };
  const { folder, port, disks } = place;
  const devices = join(root, 'dev');
  const disk = join(devices, 'vdb');
  for (const path of [folder, disks, devices]) await mkdir(path);
  await writeFile(port, '');
  const attach = async (name: string, content: Buffer | string) => {
    await mkdir(join(disks, name), { recursive: true });
    await writeFile(join(disks, name, 'size'), `${Math.floor(content.length / 512)}\n`);
    await writeFile(join(devices, name), content);
  };
  await mkdir(join(disks, 'sda'));
  await attach('vda', 'the disk of somebody else\n');
  await attach('vdb', scripts === undefined ? Buffer.alloc(4096) : scriptsDisk(scripts));
  const run = join(folder, 'run');
  const waits = { diskWaitSeconds: 1, leftDiskWaitSeconds: 3 };
  await writeFile(run, runnerScript({ ...place, ...waits, devices }), { mode: 0o700 });
  return {
    folder,
    ...{ runner: run, boot: () => runChecked([run]) },
    reports: async () => parseReports(await readFile(port, 'utf8')),
    ...{ port, disk, devices, attach },
    /** As a boot before this one had left it. */
    fetched: async () => {
      for (const { name, text, mode } of scriptFiles(scripts ?? [])) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text, { mode });
      }
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

test('scripts run one after the other, and their outcomes come back', async (t) => {
  const guest = await guestFolder(t, [
    scriptOf('one', 'echo first; echo to-stderr >&2'),
    scriptOf('two', 'exit 3'),
    scriptOf('late', 'echo begun; sleep 30', { timeoutSeconds: 1 }),
    scriptOf('python', '', { script: '#!/usr/bin/no-such-interpreter\n' }),
  ]);
  await guest.boot();
  const reports = await guest.reports();
  assert.deepEqual([...reports.keys()], ['one', 'two', 'late', 'python']);
  assert.equal(reports.get('one')?.state, 'SUCCEEDED');
  assert.equal(reports.get('one')?.output, 'first\nto-stderr\n');
  assert.deepEqual([reports.get('two')?.state, reports.get('two')?.exitCode], ['FAILED', 3]);
  assert.equal(reports.get('late')?.state, 'TIMED_OUT');
  assert.equal(reports.get('late')?.output, 'begun\n');
  assert.equal(reports.get('python')?.state, 'FAILED');
  assert.match(reports.get('python')?.output ?? '', /no-such-interpreter|No such file/);
});

test('G4: what came on the disk is on it no more, and other disks are left alone', async (t) => {
  const guest = await guestFolder(t, [
    scriptOf('one', 'echo "$LANDFALL_PARAMETER_key"', { parameters: { key: 'sea and secrets' } }),
    scriptOf('bare', 'umask; ls -l "$0"'),
  ]);
  const before = await readFile(guest.disk);
  assert.equal(before.length % 4096, 0);
  await guest.boot();
  const after = await readFile(guest.disk);
  assert.deepEqual(after, Buffer.alloc(before.length));
  assert.equal(await readFile(join(dirname(guest.disk), 'vda'), 'utf8'), 'the disk of somebody else\n');
  const reports = await guest.reports();
  assert.equal(reports.get('one')?.output, 'sea and secrets\n');
  assert.match(reports.get('bare')?.output ?? '', /^0022\n-rwx------ /);
  assert.deepEqual((await readdir(guest.folder)).toSorted(), ['actions', 'done', 'plan', 'run']);
});

test('G4: a machine that ended before its disk was empty empties it, and takes nothing again', async (t) => {
  const guest = await guestFolder(t, [scriptOf('one', 'echo ran')]);
  await guest.fetched();
  await writeFile(join(guest.folder, 'actions/one/script'), '#!/bin/sh\necho as it was\n', { mode: 0o700 });
  await guest.boot();
  assert.equal((await guest.reports()).get('one')?.output, 'as it was\n');
  assert.ok((await readFile(guest.disk)).every((byte) => byte === 0));
});

test('G5: only a disk of exactly the size that it says is one of scripts', async (t) => {
  const guest = await guestFolder(t, [scriptOf('one', 'echo right')]);
  const wrong = scriptsDisk([scriptOf('one', 'echo wrong')]);
  const forged = (head: string) => Buffer.concat([Buffer.from(head.padEnd(512, '\0')), wrong.subarray(512)]);
  const others = {
    vda: Buffer.concat([wrong, Buffer.alloc(4096)]),
    vdc: Buffer.concat([wrong, Buffer.alloc(4096)]),
    vdd: forged('landfall-scripts 1 \n'),
    vde: forged('landfall-scripts 1 port[$(touch injected)]\n'),
    vdf: forged(`landfall-scripts 1 ${'9'.repeat(40)}\n`),
  };
  for (const [name, content] of Object.entries(others)) await guest.attach(name, content);
  await guest.boot();
  assert.equal((await guest.reports()).get('one')?.output, 'right\n');
  for (const [name, content] of Object.entries(others)) {
    assert.deepEqual(await readFile(join(guest.devices, name)), content, name);
  }
  assert.ok((await readFile(guest.disk)).every((byte) => byte === 0));
  assert.equal(await isThere('injected'), false);
});

test('G5: the disk of scripts is the last one: what a disk of the server looks like does not matter', async (t) => {
  const copy = scriptsDisk([scriptOf('one', 'echo copied')]);
  for (const last of ['vdc', 'vdaa']) {
    const guest = await guestFolder(t);
    for (const name of ['vda', 'vdb', 'sda']) await guest.attach(name, copy);
    await guest.attach(last, scriptsDisk([scriptOf('one', 'echo mine')]));
    await guest.boot();
    assert.equal((await guest.reports()).get('one')?.output, 'mine\n');
    for (const name of ['vda', 'vdb', 'sda']) {
      assert.deepEqual(await readFile(join(guest.devices, name)), copy, name);
    }
  }
});

test('G4: a disk that could not be emptied to its end is found again, and emptied then', async (t) => {
  const parameters = { key: 'secret'.repeat(20_000) };
  const guest = await guestFolder(t, [scriptOf('one', 'echo ran', { parameters })]);
  await guest.fetched();
  // Whatever writes further than that into a file is killed: 64 or 128 KiB, as the shell counts.
  await runChecked(['sh', '-c', 'ulimit -f 128; exec sh "$0"', guest.runner]);
  const half = await readFile(guest.disk);
  assert.ok(
    half.subarray(-8192).some((byte) => byte !== 0),
    'it was ended in the middle',
  );
  assert.match(half.subarray(0, 64).toString(), /^landfall-scripts 1 \d+\n/);
  await rm(join(guest.folder, 'done'));
  await guest.boot();
  assert.ok((await readFile(guest.disk)).every((byte) => byte === 0));
});

test('G4: a disk of scripts that the guest has already is waited for, and emptied', async (t) => {
  const guest = await guestFolder(t, [scriptOf('one', 'echo ran')]);
  await guest.fetched();
  const disk = await readFile(guest.disk);
  await rm(guest.disk);
  const booted = guest.boot();
  await systemClock.sleep(300);
  await writeFile(guest.disk, disk);
  await booted;
  assert.ok((await readFile(guest.disk)).every((byte) => byte === 0));
  assert.equal((await guest.reports()).get('one')?.output, 'ran\n');
});

test('a machine without scripts waits a little for their disk, once', async (t) => {
  const guest = await guestFolder(t);
  await guest.boot();
  assert.ok(await isThere(join(guest.folder, 'done')));
  assert.equal((await guest.reports()).size, 0);
});

test('large scripts come whole, and so do any characters', async (t) => {
  const text = `${'é"\\\n'.repeat(20_000)}end`;
  const guest = await guestFolder(t, [
    scriptOf('large', `cat > "$0.copy" <<'XX'\n${text}\nXX\nwc -c < "$0.copy"`),
  ]);
  await guest.boot();
  assert.equal((await guest.reports()).get('large')?.output.trim(), String(Buffer.byteLength(`${text}\n`)));
});

test('what must succeed and does not ends it: nothing after it runs', async (t) => {
  const guest = await guestFolder(t, [
    scriptOf('bad', 'exit 1', { mustSucceed: true }),
    scriptOf('after', 'touch ran'),
  ]);
  await guest.boot();
  assert.equal((await guest.reports()).get('after')?.state, 'NOT_RUN');
});

test('a second boot runs nothing again', async (t) => {
  const guest = await guestFolder(t, [scriptOf('count', 'echo x >> "$LANDFALL_PARAMETER_file"')]);
  const file = join(guest.folder, 'count');
  await guest.fetched();
  await writeFile(
    join(guest.folder, 'actions/count/environment'),
    `export LANDFALL_PARAMETER_file=${quote(file)}\n`,
  );
  await guest.boot();
  await guest.boot();
  await rm(join(guest.folder, 'done'));
  await guest.boot();
  assert.equal(await readFile(file, 'utf8'), 'x\n');
  assert.equal((await guest.reports()).get('count')?.state, 'SUCCEEDED');
});

test('a script during which the machine was restarted counts as failed, and is not begun again', async (t) => {
  const guest = await guestFolder(t, [scriptOf('half', 'touch "$0.again"'), scriptOf('next', 'echo on')]);
  await guest.fetched();
  await writeFile(join(guest.folder, 'actions/half/began'), '1700000000000\n');
  await guest.boot();
  const half = (await guest.reports()).get('half');
  assert.equal(half?.state, 'FAILED');
  assert.equal(half?.startedAtMs, 1_700_000_000_000);
  assert.match(half?.output ?? '', /the machine was restarted while it ran/);
  assert.equal((await guest.reports()).get('next')?.state, 'SUCCEEDED');
  assert.equal(await isThere(join(guest.folder, 'actions/half/script.again')), false);
});

test('only the end of a long output is kept, and secrets do not stay behind', async (t) => {
  const guest = await guestFolder(t, [
    scriptOf('long', 'yes | head -c 100000; echo; echo end', { parameters: { key: 'secret' } }),
  ]);
  await guest.boot();
  const { output = '' } = (await guest.reports()).get('long') ?? {};
  assert.ok(output.length <= OUTPUT_BYTES_MAX && output.endsWith('\nend\n'));
  assert.equal(await isThere(join(guest.folder, 'actions/long/environment')), false);
});

test('no value and no name of a script can be a command, whatever is in it', async (t) => {
  const evil = `'; touch injected; '"$(touch injected)\`touch injected\`\n} {{x}} \\`;
  const print = 'cd "$(dirname "$0")" && printf %s "${LANDFALL_PARAMETER_value}"';
  const guest = await guestFolder(t, [scriptOf('evil', print, { name: evil, parameters: { value: evil } })]);
  await guest.boot();
  assert.equal((await guest.reports()).get('evil')?.output, evil);
  for (const folder of [guest.folder, join(guest.folder, 'actions/evil'), '/']) {
    assert.equal(await isThere(join(folder, 'injected')), false);
  }
});

test('a quoted value is what a shell reads, whatever it is', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(texts, async (values) => {
      const clean = values.map((value) => value.replaceAll('\0', ''));
      const { stdout } = await run(['sh', '-c', `printf '%s\\n' ${clean.map(quote).join(' ')}`]);
      assert.equal(stdout, `${clean.join('\n')}\n`);
    }),
    { numRuns: 25 },
  );
});

test('lines that are cut off, forged or not ours are passed over', () => {
  const frame = (members: object) => `landfall-action ${JSON.stringify(members)}`;
  const told = { actionId: 'a', exitCode: 0, startedAtMs: 1, endedAtMs: 2, output: 'aGk=' };
  const text = [
    '[   12.3] serial: something else',
    frame({ ...told, state: 'RUNNING', exitCode: null, endedAtMs: null }),
    frame({ ...told, state: 'SUCCEEDED' }),
    frame({ ...told, state: 'SUCCEEDED', actionId: 7 }),
    frame({ ...told, state: 'INVENTED', actionId: 'b' }),
    'landfall-action null',
    frame({ ...told, state: 'FAILED', actionId: 'c' }).slice(0, -4),
  ].join('\n');
  assert.deepEqual([...parseReports(text)], [['a', { ...told, state: 'SUCCEEDED', output: 'hi' }]]);
});

test('any bytes on the port are survived', () => {
  fc.assert(fc.property(fc.string(), (text) => parseReports(`landfall-action ${text}`).size >= 0));
});
