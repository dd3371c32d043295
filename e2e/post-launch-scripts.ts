/** The post-launch scripts that the story of the launch host gives its guest, and what must come of them. */
import assert from 'node:assert/strict';
import { READY_MADE_DOCUMENTS } from '../apps/control-plane/src/actions/ready-made-documents.ts';
import { fillParameters, renderScript } from '../apps/control-plane/src/actions/script-document.ts';
import type { MachineStatus, PostLaunchScript } from '../packages/channel/src/index.ts';

const AWKWARD = `it's "two\nlines" $(touch /injected) \`x\``;

export const SCRIPTS: readonly PostLaunchScript[] = [
  ready('wait', 'landfall-wait-for-system', { allowFailedUnits: 'yes' }),
  ready('disks', 'landfall-check-disks', {}),
  ready('http', 'landfall-check-http', {}),
  ready('file', 'landfall-create-file', { path: "/root/it's here", content: AWKWARD, mode: '0600' }),
  own(
    'show',
    'cat "/root/it\'s here"; test ! -e /injected && echo; ip -4 -brief address; cat /etc/resolv.conf',
  ),
  own('slow', 'echo begun; sleep 600', 2),
  own('fail', 'echo going; exit 7'),
  own('count', 'echo run >> /root/count; cat /root/count'),
].map((script, index) => ({ ...script, order: index + 1 }));

/** Of the source; what the machine has them from is its conversion alone. */
export const KEPT_ADDRESSES = [
  { address: '192.0.2.77/24', gateway: '192.0.2.1', nameServers: ['192.0.2.53'] },
  { address: '192.0.2.78/24' },
] as const;

export function checkOutcomes({ postLaunch = [] }: MachineStatus): void {
  const states = postLaunch.map(({ actionId, state, exitCode }) => `${actionId} ${state} ${exitCode}`);
  assert.deepEqual(states, [
    'wait SUCCEEDED 0',
    'disks SUCCEEDED 0',
    'http SUCCEEDED 0',
    'file SUCCEEDED 0',
    'show SUCCEEDED 0',
    'slow TIMED_OUT 124',
    'fail FAILED 7',
    'count SUCCEEDED 0',
  ]);
  const outputs = new Map(postLaunch.map(({ actionId, output }) => [actionId, output]));
  assert.ok(outputs.get('show')?.startsWith(`${AWKWARD}\n`), outputs.get('show'));
  for (const { address } of KEPT_ADDRESSES) {
    assert.ok(outputs.get('show')?.includes(` ${address} `), `${address}: ${outputs.get('show')}`);
  }
  assert.match(outputs.get('show') ?? '', /^nameserver 192\.0\.2\.53$/m);
  assert.equal(outputs.get('slow'), 'begun\n');
  assert.equal(outputs.get('count'), 'run\n');
  const ends = postLaunch.flatMap(({ startedAtMs, endedAtMs }) => [startedAtMs ?? 0, endedAtMs ?? 0]);
  assert.deepEqual(
    ends,
    ends.toSorted((left, right) => left - right),
    'one after the other',
  );
}

export function hasRunAll({ postLaunch = [] }: MachineStatus): boolean {
  return postLaunch.length > 0 && postLaunch.every(({ state }) => state !== 'PENDING' && state !== 'RUNNING');
}

function ready(actionId: string, name: string, given: Readonly<Record<string, string>>): PostLaunchScript {
  const document = READY_MADE_DOCUMENTS.find((one) => one.name === name);
  assert.ok(document !== undefined);
  const parameters = fillParameters(document, given);
  return { ...own(actionId, ''), script: renderScript(document.script), parameters };
}

function own(actionId: string, lines: string, timeoutSeconds = 300): PostLaunchScript {
  const script = `#!/bin/sh\n${lines}\n`;
  return { actionId, name: actionId, order: 0, script, parameters: {}, timeoutSeconds, mustSucceed: false };
}
