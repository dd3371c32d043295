/**
 * Requests in EC2's query protocol, generated from the shapes of every operation: right ones, wrong in one
 * place, nonsense; with ids that exist and ids that do not.
 * What must hold of every answer: `hostile-answers.testing.ts`. Each single damage of each parameter, without
 * chance: `damaged-queries.test.ts`.
 */
import { type TestContext, test } from 'node:test';
import { EC2_OPERATION_NAMES, EC2_VERSION, type Ec2OperationName, ec2Operation } from '@landfall/api';
import { hostileParametersOf, type Parameters, parametersOf } from '@landfall/api/testing';
import fc from 'fast-check';
import { ec2CallsOf } from '../testing/ec2-calls.ts';
import { type Inject, injectInto } from '../testing/injected-requests.ts';
import { startTestSite } from '../testing/test-site.ts';
import { checkXmlAnswer } from './hostile-answers.testing.ts';

const RUNS = Number(process.env.LANDFALL_API_RUNS ?? 6);
const SEED = Number(process.env.LANDFALL_API_SEED ?? Math.trunc(performance.timeOrigin));

interface Target {
  readonly inject: Inject;
  /** By the last part of a parameter's name that is no number of a list. */
  readonly ids: Parameters;
}

test('no query makes an operation of EC2 fail, tell of the inside, or answer out of form', async (t) => {
  t.diagnostic(`seed ${SEED}: LANDFALL_API_SEED=${SEED}`);
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent();
  const call = await ec2CallsOf(t, site.plane);
  const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  await site.untilJobEnds(job?.jobID);
  const [instances, volumes, subnets, templates] = await Promise.all(
    ['DescribeInstances', 'DescribeVolumes', 'DescribeSubnets', 'DescribeLaunchTemplates'].map((name) =>
      call(name),
    ),
  );
  const ids = {
    InstanceId: instances?.first('instanceId') ?? '',
    VolumeId: volumes?.first('volumeId') ?? '',
    SnapshotId: volumes?.first('snapshotId') ?? '',
    SubnetId: subnets?.first('subnetId') ?? '',
    LaunchTemplateId: templates?.first('launchTemplateId') ?? '',
    SourceVersion: '1',
    InstanceType: 't3.small',
    Name: 'tag:Name',
    DryRun: 'false',
  };
  const inject = await injectInto(t, site.plane);
  for (const name of EC2_OPERATION_NAMES) await attack(t, name, { inject, ids });
});

async function attack(t: TestContext, name: Ec2OperationName, { inject, ids }: Target): Promise<void> {
  const seen = new Map<string, number>();
  const send = async (body: string) => {
    const answer = await inject({ service: 'ec2', method: 'POST', rawPath: '/', body });
    const outcome = checkXmlAnswer(name, answer);
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  };
  const { input } = ec2Operation(name);
  const form = (parameters: Parameters) =>
    new URLSearchParams({ ...parameters, Action: name, Version: EC2_VERSION }).toString();
  const bodies = fc.oneof(
    parametersOf(input).map(form),
    parametersOf(input).map((parameters) => form(withIds(parameters, ids))),
    hostileParametersOf(input).map(form),
    hostileParametersOf(input).map((parameters) => form(withIds(parameters, ids))),
    fc
      .string({ unit: 'binary' })
      .map((text) => `Action=${name}&Version=${EC2_VERSION}&${text.toWellFormed()}`),
  );
  await fc.assert(fc.asyncProperty(bodies, send), { numRuns: RUNS, seed: SEED });
  const outcomes = [...seen].map(([code, count]) => `${code} ${count}`).sort();
  t.diagnostic(`${name}: ${outcomes.join(', ')}`);
}

/** Names that would contradict the ids, and tokens that nobody gave, are left out. */
const LEFT_OUT = ['LaunchTemplateName', 'NextToken'];

function withIds(parameters: Parameters, ids: Parameters): Parameters {
  const entries = Object.entries(parameters).flatMap(([name, value]) => {
    const last = name.split('.').findLast((part) => !/^\d+$/.test(part)) ?? '';
    return LEFT_OUT.includes(last) ? [] : [[name, Object.hasOwn(ids, last) ? ids[last] : value]];
  });
  return Object.fromEntries(entries);
}
