import assert from 'node:assert/strict';
import test from 'node:test';
import { followPath } from './dynamic-path.ts';
import { type PostLaunchSources, planPostLaunch } from './post-launch-plan.ts';
import { invalidActions } from './script-document.ts';

const DOCUMENT = {
  name: 'doc',
  version: 3,
  createdAtMs: 0,
  script: '#!/bin/sh\necho {{x}}\n',
  parameters: [{ name: 'x', defaultValue: 'default' }],
};

function sources(changes: Partial<PostLaunchSources> = {}): PostLaunchSources {
  return {
    purpose: 'TEST',
    settings: undefined,
    actions: [],
    findDocument: async (name) => {
      if (name !== 'doc') throw invalidActions(`there is no script document ${name}`);
      return DOCUMENT;
    },
    parameters: [],
    facts: {},
    ...changes,
  };
}

function action(actionID: string, order: number, more: object = {}) {
  return { actionID, actionName: `does ${actionID}`, documentIdentifier: 'doc', order, ...more };
}

test('the documents of the configuration run first, then active actions by their order', async () => {
  const { actions, scripts } = await planPostLaunch(
    sources({
      settings: { ssmDocuments: [{ actionName: 'configured', ssmDocumentName: 'doc', timeoutSeconds: 5 }] },
      actions: [
        action('late', 2000, { mustSucceedForCutover: true }),
        action('off', 1500, { active: false }),
        action('windows', 1600, { operatingSystem: 'windows' }),
        action('early', 1001),
      ],
    }),
  );
  assert.deepEqual(
    scripts.map(({ actionId, name, order, timeoutSeconds, mustSucceed }) => ({
      ...{ actionId, name, order, timeoutSeconds, mustSucceed },
    })),
    [
      { actionId: 'action-1', name: 'configured', order: 1, timeoutSeconds: 5, mustSucceed: false },
      { actionId: 'action-2', name: 'does early', order: 2, timeoutSeconds: 600, mustSucceed: false },
      { actionId: 'action-3', name: 'does late', order: 3, timeoutSeconds: 600, mustSucceed: true },
    ],
  );
  assert.equal(actions[1]?.document.ssmDocumentName, 'doc');
  assert.equal(scripts[0]?.script, '#!/bin/sh\necho ${LANDFALL_PARAMETER_x}\n');
});

for (const [deployment, test_, cutover] of [
  ['TEST_AND_CUTOVER', 1, 1],
  ['TEST_ONLY', 1, 0],
  ['CUTOVER_ONLY', 0, 1],
  [undefined, 1, 1],
] as const) {
  test(`deployment ${deployment}: ${test_} for a test, ${cutover} for a cutover`, async () => {
    for (const [purpose, count] of [
      ['TEST', test_],
      ['CUTOVER', cutover],
    ] as const) {
      const settings = { deployment };
      const { scripts } = await planPostLaunch(sources({ purpose, settings, actions: [action('a', 1001)] }));
      assert.equal(scripts.length, count);
    }
  });
}

test('parameters come from the store and from what is known of the server', async () => {
  const stored = { name: 'site.url', value: "it's", secure: true };
  const of = (more: object) =>
    planPostLaunch(
      sources({
        parameters: [stored],
        facts: { sourceProperties: { networkInterfaces: [{ ips: ['192.0.2.1'] }] } },
        actions: [action('a', 1001, more)],
      }),
    );
  const named = (parameterName: string) => ({ x: [{ parameterType: 'STRING', parameterName }] });
  const direct = await of({ parameters: named('site.url') });
  assert.deepEqual(direct.scripts[0]?.parameters, { x: "it's" });
  const dynamicPath = 'sourceProperties.networkInterfaces[0].ips[0]';
  const dynamic = await of({ externalParameters: { x: { dynamicPath } } });
  assert.deepEqual(dynamic.scripts[0]?.parameters, { x: '192.0.2.1' });
  await assert.rejects(of({ parameters: named('other') }), { message: /does a names the parameter other/ });
  await assert.rejects(of({ externalParameters: { x: { dynamicPath: 'no.where' } } }), {
    message: /no.where leads to no value/,
  });
  await assert.rejects(of({ documentIdentifier: 'gone' }), { code: 'POST_LAUNCH_INVALID' });
});

test('a path leads to plain values only, and never out of its object', () => {
  assert.equal(followPath({ a: { b: [{ c: 7 }] } }, 'a.b[0].c'), '7');
  assert.equal(followPath({ a: {} }, 'a'), undefined);
  assert.equal(followPath({ a: 'text' }, 'a.constructor.name'), undefined);
  assert.equal(followPath({}, '__proto__'), undefined);
});
