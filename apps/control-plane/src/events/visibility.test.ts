import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import type { EventType } from '@landfall/api';
import type { RequestContext } from '../identity/policy-conditions.ts';
import { parsePolicy } from '../identity/policy-document.ts';
import { maySee } from './visibility.ts';

const SCOPE = { region: 'us-east-1', accountId: '000000000000' };
const PAGE = new URL('../../../../docs/events.md', import.meta.url);
const CONTEXT: RequestContext = {
  principalArn: 'arn:aws:iam::000000000000:user/ann',
  userName: 'ann',
  sourceIp: '192.0.2.1',
  nowMs: 0,
  secureTransport: true,
};

/** Of each type: a resource, the action that reads it, and the ARN that it is asked about on. */
const READINGS: Readonly<Record<EventType, readonly [resourceId: string, action: string, arn: string]>> = {
  SourceServerChanged: ['s-1', 'mgn:DescribeSourceServers', 'arn:aws:mgn:*:*:source-server/s-1'],
  ReplicationChanged: ['s-1', 'mgn:DescribeSourceServers', 'arn:aws:mgn:*:*:source-server/s-1'],
  JobChanged: ['mgnjob-1', 'mgn:DescribeJobs', 'arn:aws:mgn:*:*:job/mgnjob-1'],
  LaunchedMachineChanged: ['i-1', 'landfall:DescribeLaunchedMachines', 'arn:aws:landfall:*:*:machine/i-1'],
  RecoveryPointChanged: ['s-1', 'landfall:ListRecoveryPoints', 'arn:aws:mgn:*:*:source-server/s-1'],
  ApplicationChanged: ['app-1', 'mgn:ListApplications', 'arn:aws:mgn:*:*:application/app-1'],
  WaveChanged: ['wave-1', 'mgn:ListWaves', 'arn:aws:mgn:*:*:wave/wave-1'],
  TemplateChanged: [
    'lct-1',
    'mgn:DescribeLaunchConfigurationTemplates',
    'arn:aws:mgn:*:*:launch-configuration-template/lct-1',
  ],
  ImportChanged: ['import-1', 'mgn:ListImports', 'arn:aws:mgn:*:*:import/import-1'],
  ExportChanged: ['export-1', 'mgn:ListExports', 'arn:aws:mgn:*:*:export/export-1'],
  IdentityChanged: ['arn:aws:iam::000000000000:role/ops', 'landfall:ListRoles', 'arn:aws:iam::*:role/ops'],
  BootProofChanged: ['boot-1', 'landfall:ListBootProofs', 'arn:aws:landfall:*:*:boot-proof/boot-1'],
  PreflightChanged: ['s-1', 'landfall:DescribePreflight', 'arn:aws:mgn:*:*:source-server/s-1'],
  TripwireChanged: ['s-1', 'landfall:DescribeReplication', 'arn:aws:mgn:*:*:source-server/s-1'],
  RetentionChanged: ['default', 'landfall:GetRetention', '*'],
  ConnectorChanged: ['connector-1', 'mgn:ListConnectors', 'arn:aws:mgn:*:*:connector/connector-1'],
  EnrolmentTokenChanged: [
    'tok-1',
    'landfall:ListEnrolmentTokens',
    'arn:aws:landfall:*:*:enrolment-token/tok-1',
  ],
  ScriptDocumentChanged: ['greet', 'landfall:ListScriptDocuments', '*'],
  ScriptParameterChanged: ['licence', 'landfall:ListScriptParameters', '*'],
  WebhookChanged: ['wh-1', 'landfall:DescribeWebhooks', 'arn:aws:landfall:*:*:webhook/wh-1'],
  ProgramChanged: ['prog-1', 'landfall:DescribeService', '*'],
};

const TYPES = Object.keys(READINGS) as readonly EventType[];

function see(type: EventType, resourceId: string, statement: object): Promise<boolean> {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  const policies = [parsePolicy(text, { kind: 'identity' })];
  return maySee(
    { type, resourceId },
    { policies, context: CONTEXT, scope: SCOPE, tagsOf: async () => undefined },
  );
}

test('an event is told to whoever may read its resource, and to nobody else', async () => {
  for (const type of TYPES) {
    const [resourceId, Action, Resource] = READINGS[type];
    assert.ok(await see(type, resourceId, { Effect: 'Allow', Action, Resource }), type);
    const others = { Effect: 'Allow', NotAction: Action, Resource: '*' };
    assert.ok(!(await see(type, resourceId, others)), `${type} without ${Action}`);
    if (Resource === '*') continue;
    assert.ok(!(await see(type, `${resourceId}2`, { Effect: 'Allow', Action, Resource })), `another ${type}`);
  }
});

test('the page of events lists every type, with the action that lets see it', async () => {
  const lines = (await readFile(PAGE, 'utf8')).split('\n').filter((line) => line.startsWith('|'));
  const missing = TYPES.filter((type) => !lines.some((line) => line.includes(`\`${type}\``)));
  assert.deepEqual(missing, []);
  for (const type of TYPES.filter((type) => type !== 'TemplateChanged')) {
    const [, action] = READINGS[type];
    const [, name = ''] = action.split(':');
    const line = lines.find((one) => one.includes(`\`${type}\``));
    assert.ok(line?.includes(name), `${type}: ${action}`);
  }
});
