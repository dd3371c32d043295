/**
 * Every command that calls the API, run as operators run it: the inventory, identity and the settings of a
 * site. What servers, machines and points go through is in `cli-server-journey.ts`.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Landfall, Mgn } from '../../packages/api/src/index.ts';
import type { CliSession } from './cli-session.ts';

const STATEMENT = { Effect: 'Allow', Action: 'mgn:Describe*', Resource: '*' };
const TRUST = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };

export interface Journey {
  readonly cli: CliSession;
  /** Of files that commands read and write. */
  readonly folder: string;
}

export async function useControlPlane({ cli }: Journey): Promise<void> {
  await cli.done('service show');
  await cli.done('host list');
  await cli.done('host show');
  await cli.done('status', '--alerts', '3');
  await cli.done('service initialize');
  await cli.done('account list');
  await cli.done('api', 'mgn', 'DescribeSourceServers');
  const { tokenID } = await cli.json<{ tokenID: string }>('token create', '--uses', '2');
  await cli.done('token list');
  await cli.done('token revoke', tokenID);
  await cli.done('audit', '--limit', '5');
  // An id of another control plane: the stream says so, and that is one message.
  await cli.done('events', '--after', '1', '--limit', '1');
  await useWebhooks(cli);
}

/** A name of this machine is resolved when something is sent, and not connected to. */
async function useWebhooks(cli: CliSession): Promise<void> {
  const { webhook } = await cli.json<Landfall.CreateWebhookResponse>(
    'webhook create',
    'https://localhost:1/hook',
  );
  const { webhookID } = webhook;
  await cli.done('webhook list');
  const { exitCode, stderr } = await cli.tried('webhook test', webhookID);
  assert.equal(exitCode, 1);
  assert.match(stderr, /is not open to webhooks/);
  await cli.done('webhook deliveries', webhookID, '--state', 'FAILED');
  await cli.done('webhook update', webhookID, '--off', '--rotate-secret');
  await cli.done('webhook update', webhookID, '--all-events');
  await cli.done('webhook delete', webhookID);
}

export async function useIdentity({ cli, folder }: Journey): Promise<void> {
  const policyFile = join(folder, 'policy.json');
  const trustFile = join(folder, 'trust.json');
  await writeFile(policyFile, JSON.stringify({ Version: '2012-10-17', Statement: [STATEMENT] }));
  await writeFile(trustFile, JSON.stringify({ Version: '2012-10-17', Statement: [TRUST] }));
  await cli.done('user create', 'ann');
  await cli.done('user list');
  const { accessKey } = await cli.json<Landfall.CreateAccessKeyResponse>('access-key create', 'ann');
  await cli.done('access-key list', 'ann');
  for (const verb of ['deactivate', 'activate', 'delete'])
    await cli.done(`access-key ${verb}`, 'ann', accessKey.accessKeyID);
  await cli.done('role create', 'reader', trustFile);
  await cli.done('role list');
  await cli.done('policy put', 'read', policyFile);
  await cli.done('policy get', 'read');
  await cli.done('policy list');
  await cli.done('policy attach', 'read', '--user', 'ann');
  await cli.done('policy detach', 'read', '--user', 'ann');
  await cli.done('policy delete', 'read');
  await cli.done('role delete', 'reader');
  await cli.done('user delete', 'ann');
}

export async function useTemplates({ cli }: Journey): Promise<void> {
  const replication = 'replication-configuration template';
  const { replicationConfigurationTemplateID: replicationID } =
    await cli.json<Mgn.ReplicationConfigurationTemplate>(`${replication} create`);
  await cli.done(`${replication} list`);
  await cli.done(`${replication} set`, replicationID, '--bandwidth-throttling', '10');
  await cli.done('tag add', replicationID, 'owner=web');
  await cli.done(`${replication} delete`, replicationID);
  const launch = 'launch-configuration template';
  const { launchConfigurationTemplateID: launchID } = await cli.json<Mgn.LaunchConfigurationTemplate>(
    `${launch} create`,
  );
  await cli.done(`${launch} list`);
  await cli.done(`${launch} set`, launchID, '--copy-tags', 'yes', '--right-sizing', 'basic');
  await useActions(cli, launchID);
  await cli.done('tag add', launchID, 'owner=web');
  await cli.done(`${launch} delete`, launchID);
}

/** Of a server, or of a template. */
export async function useActions(cli: CliSession, owner: string): Promise<void> {
  const { actionID = '' } =
    (
      await cli.json<Mgn.SourceServerActionDocument[]>(
        'action put',
        owner,
        'check disks',
        'landfall-check-disks',
      )
    )[0] ?? {};
  await cli.done('action list', owner, '--filter', `actionIDs=${actionID}`);
  await cli.done('action remove', owner, actionID);
}

export async function useScripts({ cli, folder }: Journey): Promise<void> {
  const file = join(folder, 'hello.sh');
  await writeFile(file, '#!/bin/sh\necho {{who}}\n');
  await cli.done('script put', 'hello', file, '--parameter', 'who=world');
  await cli.done('script list');
  await cli.done('script show', 'hello');
  await cli.done('script delete', 'hello');
  await cli.done('script parameter put', 'password', 'secret', '--secure');
  await cli.done('script parameter list');
  await cli.done('script parameter delete', 'password');
}

export async function useGroups({ cli }: Journey, server: string): Promise<void> {
  await cli.done('application create', 'shop');
  await cli.done('wave create', 'first');
  await cli.done('application update', 'shop', '--description', 'web shop');
  await cli.done('wave update', 'first', '--description', 'the easy ones');
  await cli.done('application add', 'shop', server);
  await cli.done('wave add', 'first', 'shop');
  const [application] = await cli.json<Mgn.Application[]>('application list', '--limit', '1');
  const [wave] = await cli.json<Mgn.Wave[]>('wave list', '--filter', 'isArchived=false');
  await cli.done('tag add', application?.applicationID ?? '', 'a=1', 'b=2');
  await cli.done('tag list', application?.applicationID ?? '');
  await cli.done('tag remove', application?.applicationID ?? '', 'a', 'b');
  await cli.done('tag add', wave?.waveID ?? '', 'a=1');
  await cli.done('application remove', 'shop', server);
  await cli.done('application archive', 'shop');
  await cli.done('wave archive', 'first');
  await cli.done('wave unarchive', 'first');
  await cli.done('application unarchive', 'shop');
  await cli.done('wave remove', 'first', 'shop');
  await cli.done('application delete', 'shop');
  await cli.done('wave delete', 'first');
}

export async function useInventory({ cli, folder }: Journey): Promise<void> {
  const [exported] = await cli.json<Mgn.ExportTask[]>('export start', 'inventory', 'all.csv');
  await cli.done('export list', '--limit', '1');
  await cli.done('export errors', exported?.exportID ?? '');
  await cli.done('export watch', exported?.exportID ?? '');
  const [imported] = await cli.json<Mgn.ImportTask[]>('import start', 'inventory', 'all.csv', '--no-wait');
  await cli.done('import watch', imported?.importID ?? '');
  await cli.done('import list', '--filter', `importIDs=${imported?.importID}`);
  await cli.done('import errors', imported?.importID ?? '');
  const file = join(folder, 'all.csv');
  await cli.done('export download', '--to', file);
  assert.match((await cli.tried('export download', '--to', file)).stderr, /FILES_TARGET_EXISTS/);
  await cli.done('export download', '--to', file, '--force', '--of', exported?.exportID ?? '');
  const [uploaded] = await cli.json<Mgn.ImportTask[]>('import upload', '--file', file);
  assert.equal(uploaded?.status, 'SUCCEEDED');
}

export async function useOthers({ cli }: Journey): Promise<void> {
  const [connector] = await cli.json<Mgn.Connector[]>('connector create', 'site', 'mi-0123456789abcdef0');
  await cli.done('connector rename', connector?.connectorID ?? '', 'site-1');
  await cli.done('connector list');
  await cli.done('connector delete', connector?.connectorID ?? '');
  await cli.done('vcenter-client list');
  // There are none.
  await cli.tried('vcenter-client delete', 'vcc-0123456789abcdef0');
}

/** A folder for what commands read and write. */
export async function journeyFolder(stateDir: string): Promise<string> {
  const folder = join(stateDir, 'cli-journey');
  await mkdir(folder);
  return folder;
}
