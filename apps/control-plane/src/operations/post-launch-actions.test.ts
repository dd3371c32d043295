import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import test, { type TestContext } from 'node:test';
import {
  DescribeJobsCommand,
  ListSourceServerActionsCommand,
  ListTemplateActionsCommand,
  MgnClient,
  PutSourceServerActionCommand,
  PutTemplateActionCommand,
  RemoveSourceServerActionCommand,
  RemoveTemplateActionCommand,
  StartTestCommand,
  UpdateLaunchConfigurationCommand,
} from '@aws-sdk/client-mgn';
import { startTestSite, type TestSite } from '../testing/test-site.ts';

function awsClient(t: TestContext, { plane }: TestSite): MgnClient {
  const client = new MgnClient({
    endpoint: plane.url,
    region: plane.admin.region,
    credentials: plane.admin,
    requestHandler: { httpsAgent: new Agent({ ca: plane.caPem, keepAlive: true }) },
    maxAttempts: 1,
  });
  t.after(() => client.destroy());
  return client;
}

const ECHO = { name: 'say', script: '#!/bin/sh\necho "{{word}}"\n', parameters: [{ name: 'word' }] };
const WORD = { word: [{ parameterType: 'STRING' as const, parameterName: 'site.word' }] };

test('the AWS SDK puts, changes, lists and removes actions of servers and templates', async (t) => {
  const site = await startTestSite(t);
  const client = awsClient(t, site);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent({ inspected: false })).sourceServerId;
  const put = (actionID: string, order: number, more: object = {}) =>
    client.send(
      new PutSourceServerActionCommand({
        ...{ sourceServerID, actionID, order },
        actionName: `Action ${actionID}`,
        documentIdentifier: 'landfall-check-disks',
        ...more,
      }),
    );
  const first = await put('one', 1010, { timeoutSeconds: 30 });
  assert.deepEqual([first.active, first.order, first.timeoutSeconds], [true, 1010, 30]);
  await put('two', 1001, { category: 'VALIDATION', description: 'looks' });
  const changed = await put('one', 1020, { active: false });
  assert.deepEqual([changed.active, changed.order, changed.timeoutSeconds], [false, 1020, 30]);
  await assert.rejects(put('three', 1001), {
    name: 'ConflictException',
    message: /order 1001 is that of Action two/,
  });
  await assert.rejects(put('three', 1002, { documentIdentifier: 'AWS-Nothing' }), {
    name: 'ValidationException',
    message: /no script document AWS-Nothing/,
  });
  await assert.rejects(put('three', 1000), { name: 'ValidationException' });
  const list = (input: object = {}) =>
    client.send(new ListSourceServerActionsCommand({ sourceServerID, ...input }));
  const page = await list({ maxResults: 1 });
  assert.deepEqual(
    page.items?.map(({ actionID }) => actionID),
    ['two'],
  );
  const rest = await list({ nextToken: page.nextToken });
  assert.deepEqual(
    rest.items?.map(({ actionID }) => actionID),
    ['one'],
  );
  assert.equal((await list({ filters: { actionIDs: ['one'] } })).items?.length, 1);
  const removal = new RemoveSourceServerActionCommand({ sourceServerID, actionID: 'one' });
  await client.send(removal);
  await assert.rejects(client.send(removal), { name: 'ResourceNotFoundException' });

  const { items: templates = [] } = await api.mgn('DescribeLaunchConfigurationTemplates', {});
  const launchConfigurationTemplateID = templates[0]?.launchConfigurationTemplateID ?? '';
  for (const [actionID, order, operatingSystem] of [
    ['linux', 1001, 'linux'],
    ['windows', 1002, 'windows'],
  ] as const) {
    const named = { actionID, order, operatingSystem, actionName: actionID };
    const documentIdentifier = 'landfall-check-disks';
    const input = { ...named, documentIdentifier, launchConfigurationTemplateID };
    await client.send(new PutTemplateActionCommand(input));
  }
  const ofTemplate = await client.send(new ListTemplateActionsCommand({ launchConfigurationTemplateID }));
  assert.deepEqual(
    ofTemplate.items?.map(({ operatingSystem }) => operatingSystem),
    ['linux', 'windows'],
  );
  const next = (await site.addAgent({ inspected: false })).sourceServerId;
  const copied = await client.send(new ListSourceServerActionsCommand({ sourceServerID: next }));
  assert.deepEqual(
    copied.items?.map(({ actionID }) => actionID),
    ['linux'],
    'new servers copy them',
  );
  const windows = { launchConfigurationTemplateID, actionID: 'windows' };
  await client.send(new RemoveTemplateActionCommand(windows));
});

async function siteWithActions(t: TestContext) {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent()).sourceServerId;
  await api.landfall('PutScriptDocument', ECHO);
  await api.landfall('PutScriptParameter', { name: 'site.word', value: `it's "x"\n$(id)` });
  return { site, api, sourceServerID, client: awsClient(t, site) };
}

test('a launch runs the actions, waits for them, and the job shows what became of each', async (t) => {
  const { site, api, sourceServerID, client } = await siteWithActions(t);
  const ssmDocuments = [{ actionName: 'say it', ssmDocumentName: 'say', parameters: WORD }];
  const postLaunchActions = { deployment: 'TEST_ONLY' as const, ssmDocuments };
  await client.send(new UpdateLaunchConfigurationCommand({ sourceServerID, postLaunchActions }));
  await api.mgn('PutSourceServerAction', {
    ...{ sourceServerID, actionID: 'check', actionName: 'check it', order: 1001 },
    documentIdentifier: 'landfall-check-http',
    externalParameters: { url: { dynamicPath: 'launchedInstance.ec2InstanceID' } },
    timeoutSeconds: 9,
  });
  site.host.verdicts.set('check it', { state: 'TIMED_OUT', exitCode: 124, output: 'tried\n' });
  const { job } = await client.send(new StartTestCommand({ sourceServerIDs: [sourceServerID] }));
  await site.untilJobEnds(job?.jobID);
  const { items = [] } = await client.send(
    new DescribeJobsCommand({ filters: { jobIDs: [job?.jobID ?? ''] } }),
  );
  const server = items[0]?.participatingServers?.[0];
  assert.equal(server?.launchStatus, 'LAUNCHED');
  const machineID = server?.launchedEc2InstanceID ?? '';
  const statuses = server?.postLaunchActionsStatus?.postLaunchActionsLaunchStatusList ?? [];
  assert.deepEqual(
    statuses.map(({ executionID, executionStatus, failureReason }) => ({
      ...{ executionID, executionStatus, failureReason },
    })),
    [
      { executionID: `${machineID}/action-1`, executionStatus: 'SUCCESS', failureReason: undefined },
      {
        executionID: `${machineID}/action-2`,
        executionStatus: 'FAILED',
        failureReason: 'took longer than its time limit of 9 s: tried',
      },
    ],
  );
  const scripts = site.host.machines.get(machineID)?.specification.postLaunchScripts ?? [];
  assert.deepEqual(scripts[0]?.parameters, { word: `it's "x"\n$(id)` });
  assert.equal(scripts[0]?.script.includes("it's"), false, 'no value is part of the text');
  assert.equal(scripts[1]?.parameters.url, machineID);
  const { items: machines } = await api.landfall('DescribeLaunchedMachines', {});
  assert.deepEqual(
    machines[0]?.postLaunch?.map(({ state }) => state),
    ['SUCCEEDED', 'TIMED_OUT'],
  );
});

test('an action that must succeed and does not fails the launch, and its output stays', async (t) => {
  const { site, api, sourceServerID } = await siteWithActions(t);
  for (const [actionID, order] of [
    ['must', 1001],
    ['after', 1002],
  ] as const) {
    await api.mgn('PutSourceServerAction', {
      ...{ sourceServerID, actionID, order, actionName: actionID, parameters: WORD },
      documentIdentifier: 'say',
      mustSucceedForCutover: actionID === 'must',
    });
  }
  site.host.verdicts.set('must', { state: 'FAILED', exitCode: 3, output: 'no disk\nbecause of that\n' });
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
  const [server] = (await site.untilJobEnds(job?.jobID)).participatingServers ?? [];
  assert.equal(server?.launchStatus, 'FAILED');
  const [status] = server?.postLaunchActionsStatus?.postLaunchActionsLaunchStatusList ?? [];
  assert.equal(status?.failureReason, 'ended with exit code 3: because of that');
  const { items = [] } = await api.mgn('DescribeJobLogItems', { jobID: job?.jobID ?? '' });
  const failure = items.find(({ event }) => event === 'LAUNCH_FAILED');
  assert.match(failure?.eventData?.rawError ?? '', /POST_LAUNCH_FAILED: .* must ended with exit code 3/);
  assert.equal(site.host.machines.size, 0);
  const { items: machines } = await api.landfall('DescribeLaunchedMachines', {});
  assert.match(machines[0]?.postLaunch?.[0]?.output ?? '', /no disk/);
});

test('a cutover one of whose actions had to succeed and did not cannot be finalized', async (t) => {
  const { site, api, sourceServerID } = await siteWithActions(t);
  const ids = { sourceServerIDs: [sourceServerID] };
  await site.untilJobEnds((await api.mgn('StartTest', ids)).job?.jobID);
  await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state: 'READY_FOR_CUTOVER' } });
  await api.mgn('PutSourceServerAction', {
    ...{ sourceServerID, actionID: 'must', order: 1001, actionName: 'must', parameters: WORD },
    ...{ documentIdentifier: 'say', mustSucceedForCutover: true },
  });
  site.host.verdicts.set('must', { state: 'TIMED_OUT', exitCode: 124, output: '' });
  await site.untilJobEnds((await api.mgn('StartCutover', ids)).job?.jobID);
  await assert.rejects(api.mgn('FinalizeCutover', { sourceServerID }), {
    name: 'ConflictException',
    message: /its cutover launched no machine/,
  });
  await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state: 'READY_FOR_CUTOVER' } });
  site.host.verdicts.clear();
  await site.untilJobEnds((await api.mgn('StartCutover', ids)).job?.jobID);
  assert.equal((await api.mgn('FinalizeCutover', { sourceServerID })).lifeCycle?.state, 'CUTOVER');
});

test('a control plane that is restarted while actions run goes on waiting for them', async (t) => {
  const { site, api, sourceServerID } = await siteWithActions(t);
  for (const order of [1001, 1002, 1003, 1004]) {
    const named = { actionID: `a${order}`, actionName: `a${order}`, order, parameters: WORD };
    await api.mgn('PutSourceServerAction', { sourceServerID, ...named, documentIdentifier: 'say' });
  }
  let looks = 0;
  site.host.onCommand = async (name) => {
    if (name !== 'describeMachine') return;
    looks += 1;
    if (looks === 4) await site.plane.restart();
  };
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
  const [server] = (await site.untilJobEnds(job?.jobID)).participatingServers ?? [];
  assert.equal(server?.launchStatus, 'LAUNCHED');
  const statuses = server?.postLaunchActionsStatus?.postLaunchActionsLaunchStatusList ?? [];
  assert.deepEqual(
    statuses.map(({ executionStatus }) => executionStatus),
    Array(4).fill('SUCCESS'),
  );
});

test('an action whose parameter is not stored fails the launch before anything is started', async (t) => {
  const { site, api, sourceServerID } = await siteWithActions(t);
  const named = { sourceServerID, actionID: 'a', actionName: 'a', order: 1001, documentIdentifier: 'say' };
  await api.mgn('PutSourceServerAction', named);
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
  const [server] = (await site.untilJobEnds(job?.jobID)).participatingServers ?? [];
  assert.equal(server?.launchStatus, 'FAILED');
  const { items = [] } = await api.mgn('DescribeJobLogItems', { jobID: job?.jobID ?? '' });
  assert.ok(
    items.some(({ eventData }) => /say needs a value for its parameter word/.test(eventData?.rawError ?? '')),
  );
});

test('scripts have versions, are refused with the reason, and stay while somebody names them', async (t) => {
  const { api, sourceServerID } = await siteWithActions(t);
  const { document } = await api.landfall('PutScriptDocument', {
    ...ECHO,
    script: '#!/bin/sh\necho 2 {{word}}\n',
  });
  assert.equal(document.version, 2);
  assert.equal((await api.landfall('GetScriptDocument', { name: 'say', version: '1' })).script, ECHO.script);
  assert.match((await api.landfall('GetScriptDocument', { name: 'say' })).script, /echo 2/);
  const { items } = await api.landfall('ListScriptDocuments', {});
  assert.deepEqual(
    items.filter(({ isReadyMade }) => !isReadyMade).map(({ name }) => name),
    ['say'],
  );
  const broken = { name: 'bad', script: 'echo' };
  await assert.rejects(api.landfall('PutScriptDocument', broken), {
    name: 'ValidationException',
    message: /#!/,
  });
  const ready = { ...ECHO, name: 'landfall-check-http' };
  await assert.rejects(api.landfall('PutScriptDocument', ready), { name: 'ConflictException' });
  const named = {
    sourceServerID,
    actionID: 'a',
    actionName: 'uses it',
    order: 1001,
    documentIdentifier: 'say',
  };
  await api.mgn('PutSourceServerAction', named);
  await assert.rejects(api.landfall('DeleteScriptDocument', { name: 'say' }), {
    name: 'ConflictException',
    message: /say is used by the action uses it/,
  });
  await api.mgn('RemoveSourceServerAction', { sourceServerID, actionID: 'a' });
  await api.landfall('DeleteScriptDocument', { name: 'say' });
  await assert.rejects(api.landfall('GetScriptDocument', { name: 'say' }), {
    name: 'ResourceNotFoundException',
  });
  await api.landfall('PutScriptParameter', { name: 'key', value: 'secret', secure: true });
  const parameters = (await api.landfall('ListScriptParameters', {})).items;
  assert.deepEqual(parameters[0], { name: 'key', secure: true });
});
