import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api/types';
import {
  actionPut,
  draftOf,
  lackingParameters,
  NEW_ACTION,
  nextOrder,
  parseOrder,
  parseTimeout,
} from './action-draft.ts';

const SCRIPT: Landfall.ScriptDocumentItem = {
  name: 'join-domain',
  version: 3,
  isReadyMade: false,
  parameters: [{ name: 'domain', defaultValue: 'example' }, { name: 'password' }, { name: 'host' }],
};
const STORED: readonly Landfall.ScriptParameterItem[] = [
  { name: 'domain-password', secure: true },
  { name: 'greeting', secure: false, value: 'hello' },
];
const LIBRARY = { script: SCRIPT, stored: STORED };

test('orders and time limits are what the service takes', () => {
  assert.equal(parseOrder('1001'), 1001);
  assert.equal(parseOrder('10000'), 10_000);
  for (const text of ['1000', '10001', 'first', '']) assert.equal(parseOrder(text), undefined, text);
  assert.equal(parseTimeout('600'), 600);
  for (const text of ['0', '-1', '', '1.5']) assert.equal(parseTimeout(text), undefined, text);
});

test('a new action comes after those that are there', () => {
  assert.equal(nextOrder([]), 1001);
  assert.equal(nextOrder([{ order: 1040 }, { order: 1002 }, {}]), 1050);
  assert.equal(nextOrder([{ order: 9999 }]), 10_000);
});

test('an action whose parameters have no value is not sent', () => {
  const draft = { ...NEW_ACTION, documentIdentifier: SCRIPT.name };
  assert.deepEqual(lackingParameters(draft, SCRIPT), ['password', 'host']);
  assert.equal(actionPut(draft, 'a-1', LIBRARY, { defaultOrder: 1001 }), undefined);
  const odd = { ...draft, parameters: { host: { kind: 'AT_LAUNCH', path: 'a b' } } } as const;
  assert.deepEqual(lackingParameters(odd, SCRIPT), ['password', 'host']);
});

test('values are named, secrets as such, and an empty name is that of the script', () => {
  const draft = {
    ...NEW_ACTION,
    documentIdentifier: SCRIPT.name,
    operatingSystem: 'linux',
    parameters: {
      password: { kind: 'STORED', names: ['domain-password', 'greeting'] },
      host: { kind: 'AT_LAUNCH', path: 'sourceProperties.identificationHints.hostname' },
    },
  } as const;
  const put = actionPut(draft, 'a-1', LIBRARY, { defaultOrder: 1021 });
  assert.deepEqual(put, {
    actionID: 'a-1',
    actionName: 'join-domain',
    documentIdentifier: 'join-domain',
    active: true,
    mustSucceedForCutover: false,
    order: 1021,
    timeoutSeconds: 600,
    parameters: {
      password: [
        { parameterType: 'SECURE_STRING', parameterName: 'domain-password' },
        { parameterType: 'STRING', parameterName: 'greeting' },
      ],
    },
    externalParameters: { host: { dynamicPath: 'sourceProperties.identificationHints.hostname' } },
    operatingSystem: 'linux',
  });
  assert.deepEqual(draftOf(put ?? {}), { ...draft, name: 'join-domain', order: '1021' });
});

test('another script forgets the values of the one before, and its version', () => {
  const known = {
    actionID: 'a-1',
    actionName: 'x',
    documentIdentifier: 'check',
    documentVersion: '7',
    order: 1001,
    parameters: { port: [{ parameterType: 'STRING', parameterName: 'greeting' }] },
  } as const;
  const script = { ...SCRIPT, parameters: [] };
  const draft = { ...draftOf(known), documentIdentifier: script.name, parameters: {} };
  const put = actionPut(draft, 'a-1', { script, stored: [] }, { defaultOrder: 1001, known });
  assert.equal(put?.documentVersion, '$LATEST');
  assert.deepEqual(put?.parameters, {});
  const same = actionPut(
    draftOf(known),
    'a-1',
    { script: { ...script, name: 'check' }, stored: [] },
    {
      defaultOrder: 1001,
      known,
    },
  );
  assert.equal(same !== undefined && 'documentVersion' in same, false);
});
