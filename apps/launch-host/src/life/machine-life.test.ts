import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MachineSpecification, SignOfLife } from '@landfall/channel';
import { createApplianceTurns } from '../conversion/appliance-turns.ts';
import { KeptConversions } from '../conversion/file-kept-conversions.ts';
import { createLimiter } from '../conversion/limiter.ts';
import { idleHost } from '../idle-host.testing.ts';
import { MachineStore } from '../machine/file-machine-store.ts';
import type { MachineContext } from '../machine/machine-context.ts';
import { type MachineRecord, newRecord, toStatus } from '../machine/machine-record.ts';
import { LifeWatch } from './machine-life.ts';

/** One look, to its end. */
async function watchForLife(context: MachineContext): Promise<void> {
  const watch = new LifeWatch();
  watch.look(context, (action) => action());
  await watch.settled();
}

async function machineWith(
  t: TestContext,
  signsOfLife: readonly SignOfLife[],
  change: Partial<MachineRecord>,
) {
  const folder = await mkdtemp(join(tmpdir(), 'life-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const specification: MachineSpecification = {
    ...{ machineId: 'i-0123456789abcdef0', name: 'server', purpose: 'PROOF', disks: [], cpuCount: 1 },
    ...{ memoryBytes: 2 ** 28, bootMode: 'USE_SOURCE', disposition: 'STARTED', publishedPorts: [22] },
    signsOfLife,
  };
  let record: MachineRecord = { ...newRecord(specification), phase: 'RUNNING', ...change };
  let updates = 0;
  const context: MachineContext = {
    services: {
      ...{ store: new MachineStore(folder), kept: new KeptConversions(folder), ...idleHost(folder) },
      ...{
        ...createApplianceTurns(),
        roomTurns: createLimiter(1),
        viewTimeoutSeconds: 0,
        hostBootId: 'boot',
      },
    },
    folder,
    record: () => record,
    update: async (changed) => {
      updates += 1;
      record = { ...record, ...changed };
    },
    replace: async () => undefined,
    show: () => undefined,
  };
  const say = (text: string) => writeFile(join(folder, 'console.log'), text);
  return { context, say, updates: () => updates, status: () => toStatus(record) };
}

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

test('the first sign that is seen is kept, and not looked for again', async (t) => {
  const machine = await machineWith(t, [{ kind: 'GUEST_AGENT' }, { kind: 'LOGIN_PROMPT' }], {});
  await watchForLife(machine.context);
  assert.equal(machine.status().life, undefined, 'there is no console yet');
  await machine.say('[    1.0] Linux version 6.1\n');
  await watchForLife(machine.context);
  assert.equal(machine.status().life, undefined);
  await machine.say('[    1.0] Linux version 6.1\r\n\r\nledger login: ');
  await watchForLife(machine.context);
  const { life } = machine.status();
  assert.deepEqual(life?.sign, { kind: 'LOGIN_PROMPT' });
  assert.equal(life?.detail, 'ledger login:');
  await watchForLife(machine.context);
  assert.equal(machine.updates(), 1);
  assert.deepEqual(machine.status().life, life);
});

test('a port is asked where it is published, and a machine that does not run is not asked', async (t) => {
  const hostPort = await listening(
    t,
    createServer((socket) => socket.end('SSH-2.0-x\n')),
  );
  const published = [{ guestPort: 22, hostPort }];
  const signs = [
    { kind: 'TCP', port: 80 },
    { kind: 'TCP', port: 22 },
  ] as const;
  const starting = await machineWith(t, signs, { phase: 'STARTING', published });
  await watchForLife(starting.context);
  assert.equal(starting.status().life, undefined);
  const running = await machineWith(t, signs, { published });
  await watchForLife(running.context);
  assert.deepEqual(running.status().life?.sign, { kind: 'TCP', port: 22 });
  assert.equal(running.status().life?.detail, 'it said: SSH-2.0-x');
});

test('a script that ended well is a sign, one that failed or another one is not', async (t) => {
  const script = (actionId: string, name: string) => ({
    ...{ actionId, name, order: 1, script: '#!/bin/sh', parameters: {} },
    ...{ timeoutSeconds: 5, mustSucceed: false },
  });
  const outcome = (actionId: string, state: 'FAILED' | 'SUCCEEDED') => {
    return { actionId, state, output: '', startedAtMs: 1, endedAtMs: 2 };
  };
  const sign = { kind: 'SCRIPT', script: 'check' } as const;
  const lifeWith = async (...postLaunch: readonly ReturnType<typeof outcome>[]) => {
    const machine = await machineWith(t, [sign], { postLaunch });
    const record = machine.context.record();
    const postLaunchScripts = [script('sign-1', 'check'), script('sign-2', 'other')];
    const specification = { ...record.specification, postLaunchScripts };
    await watchForLife({ ...machine.context, record: () => ({ ...record, specification }) });
    return machine.status().life?.detail;
  };
  assert.equal(await lifeWith(outcome('sign-1', 'FAILED'), outcome('sign-2', 'SUCCEEDED')), undefined);
  assert.equal(await lifeWith(), undefined);
  assert.equal(await lifeWith(outcome('sign-1', 'SUCCEEDED')), 'the script check ended well');
});

test('nobody waits for a guest that does not answer, and it is asked once at a time', async (t) => {
  const silent: Socket[] = [];
  const server = createServer((socket) => silent.push(socket));
  const hostPort = await listening(t, server);
  const machine = await machineWith(t, [{ kind: 'HTTP', port: 80, path: '/' }], {
    published: [{ guestPort: 80, hostPort }],
  });
  const watch = new LifeWatch();
  for (let look = 0; look < 5; look += 1) watch.look(machine.context, (action) => action());
  await once(server, 'connection');
  assert.equal(silent.length, 1);
  silent[0]?.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  await watch.settled();
  assert.equal(machine.status().life?.detail, '/ answers 200');
  assert.equal(silent.length, 1);
});

test('what was seen of a machine that has ended meanwhile, or was started anew, is not recorded', async (t) => {
  for (const change of [{ phase: 'TERMINATED' }, { startedAtMs: 2 }] as const) {
    const machine = await machineWith(t, [{ kind: 'LOGIN_PROMPT' }], { startedAtMs: 1 });
    await machine.say('ledger login: ');
    const watch = new LifeWatch();
    watch.look(machine.context, async (action) => {
      await machine.context.update(change);
      await action();
    });
    await watch.settled();
    assert.equal(machine.status().life, undefined, JSON.stringify(change));
  }
});
