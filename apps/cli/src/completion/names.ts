/**
 * Ids and names for completion, asked of the control plane. Whoever waits for a completion waits with a key
 * pressed: there is a short time for it, and no word when it fails.
 */
import { type ApiClient, createApiClient } from '@landfall/api';
import { type Clock, systemClock } from '@landfall/runtime';
import { hostNameOf } from '../commands/context.ts';
import { DEFAULT_STATE_DIR, findAccess } from '../credentials.ts';
import type { Candidate } from './candidates.ts';
import type { TypedLine } from './command-line.ts';

export const ASKING_MS_DEFAULT = 1500;

/** One page; who has more types a letter. */
const PAGE = { maxResults: 500 };

type Ask = (client: ApiClient, operands: readonly string[]) => Promise<readonly Candidate[]>;

const servers: Ask = async (client) => {
  const { items = [] } = await client.mgn('DescribeSourceServers', PAGE);
  return items.flatMap((server) => {
    const hostName = hostNameOf(server);
    const description = `${server.lifeCycle?.state ?? ''} ${hostName ?? ''}`.trim();
    const byId = { value: server.sourceServerID ?? '', description };
    return hostName === undefined ? [byId] : [{ value: hostName, description: server.sourceServerID }, byId];
  });
};

const jobs: Ask = async (client) => {
  const { items = [] } = await client.mgn('DescribeJobs', PAGE);
  return items.map(({ jobID, initiatedBy, status }) => ({
    value: jobID,
    description: `${initiatedBy} ${status}`,
  }));
};

const machines: Ask = async (client) => {
  const { items } = await client.landfall('DescribeLaunchedMachines', {});
  return items.map(({ machineID, purpose, phase }) => ({
    value: machineID,
    description: `${purpose} ${phase}`,
  }));
};

const applications: Ask = async (client) => {
  const { items = [] } = await client.mgn('ListApplications', PAGE);
  return items.flatMap(({ applicationID, name }) => idAndName(applicationID, name));
};

const waves: Ask = async (client) => {
  const { items = [] } = await client.mgn('ListWaves', PAGE);
  return items.flatMap(({ waveID, name }) => idAndName(waveID, name));
};

const launchTemplates: Ask = async (client) => {
  const { items = [] } = await client.mgn('DescribeLaunchConfigurationTemplates', PAGE);
  return items.map((template) => ({ value: template.launchConfigurationTemplateID }));
};

const replicationTemplates: Ask = async (client) => {
  const { items = [] } = await client.mgn('DescribeReplicationConfigurationTemplates', PAGE);
  return items.map((template) => ({ value: template.replicationConfigurationTemplateID }));
};

const scripts: Ask = async (client) => {
  const { items } = await client.landfall('ListScriptDocuments', PAGE);
  return items.map(({ name, description }) => ({ value: name, description }));
};

const actions: Ask = async (client, [owner = '']) => {
  const { items = [] } = owner.startsWith('lct-')
    ? await client.mgn('ListTemplateActions', { launchConfigurationTemplateID: owner, ...PAGE })
    : await client.mgn('ListSourceServerActions', { sourceServerID: owner, ...PAGE });
  return items.map(({ actionID = '', actionName }) => ({ value: actionID, description: actionName }));
};

const accessKeys: Ask = async (client, [userName = '']) => {
  const { items } = await client.landfall('ListAccessKeys', { userName });
  return items.map(({ accessKeyID, status }) => ({ value: accessKeyID, description: status }));
};

const both =
  (...asks: readonly Ask[]): Ask =>
  async (client, operands) =>
    (await Promise.all(asks.map((ask) => ask(client, operands)))).flat();

/** By what a usage line calls them. */
const ASK_BY_NAME: Readonly<Record<string, Ask>> = {
  accessKeyID: accessKeys,
  actionID: actions,
  application: applications,
  connectorID: async (client) => {
    const { items = [] } = await client.mgn('ListConnectors', PAGE);
    return items.map(({ connectorID = '', name }) => ({ value: connectorID, description: name }));
  },
  exportID: async (client) => {
    const { items = [] } = await client.mgn('ListExports', PAGE);
    return items.map(({ exportID = '', status }) => ({ value: exportID, description: status }));
  },
  importID: async (client) => {
    const { items = [] } = await client.mgn('ListImports', PAGE);
    return items.map(({ importID = '', status }) => ({ value: importID, description: status }));
  },
  jobID: jobs,
  launchConfigurationTemplateID: launchTemplates,
  machine: both(machines, servers),
  machineID: machines,
  owner: both(servers, launchTemplates),
  policyName: async (client) => {
    const { items } = await client.landfall('ListPolicies', PAGE);
    return items.map(({ policyName }) => ({ value: policyName }));
  },
  replicationConfigurationTemplateID: replicationTemplates,
  resource: both(servers, applications, waves, jobs, launchTemplates, replicationTemplates),
  roleName: async (client) => {
    const { items } = await client.landfall('ListRoles', PAGE);
    return items.map(({ roleName }) => ({ value: roleName }));
  },
  script: scripts,
  server: servers,
  tokenID: async (client) => {
    const { items } = await client.landfall('ListEnrolmentTokens', PAGE);
    return items.map(({ tokenID, role, state }) => ({ value: tokenID, description: `${role} ${state}` }));
  },
  userName: async (client) => {
    const { items } = await client.landfall('ListUsers', PAGE);
    return items.map(({ userName }) => ({ value: userName }));
  },
  vcenterClientID: async (client) => {
    const { items = [] } = await client.mgn('DescribeVcenterClients', PAGE);
    return items.map(({ vcenterClientID = '', hostname }) => ({
      value: vcenterClientID,
      description: hostname,
    }));
  },
  wave: waves,
};

/** Names may have spaces: then the id alone, which every shell takes as it is. */
function idAndName(id = '', name = ''): readonly Candidate[] {
  const byId = { value: id, description: name };
  return /^[\w.-]+$/.test(name) ? [{ value: name, description: id }, byId] : [byId];
}

/** LANDFALL_COMPLETION_MS is for slow links. */
function askingMs({ LANDFALL_COMPLETION_MS }: NodeJS.ProcessEnv): number {
  const given = Number(LANDFALL_COMPLETION_MS);
  return Number.isSafeInteger(given) && given > 0 ? given : ASKING_MS_DEFAULT;
}

const nothing = (): readonly Candidate[] => [];

/** Empty when it fails, or takes longer than somebody waits. */
export async function findNames(
  valueName: string,
  { operands, values }: Pick<TypedLine, 'operands' | 'values'>,
  clock: Clock = systemClock,
): Promise<readonly Candidate[]> {
  const ask = ASK_BY_NAME[valueName];
  if (ask === undefined) return [];
  const stateDir = values.get('--state-dir') ?? process.env.LANDFALL_STATE_DIR ?? DEFAULT_STATE_DIR;
  const asking = async () => ask(createApiClient(await findAccess(stateDir)), operands);
  const inTime = new AbortController();
  const late = clock.sleep(askingMs(process.env), inTime.signal).then(nothing, nothing);
  const [first] = await Promise.allSettled([Promise.race([asking(), late])]);
  inTime.abort();
  return first?.status === 'fulfilled' ? first.value : [];
}
