/**
 * Connectors. They are kept for the scripts that make them and point source servers at them; nothing here
 * sends commands through one.
 */
import { ApiError, arnOf, type Handlers, type Mgn, paginate } from '@landfall/api';
import { publicId } from '@landfall/runtime';
import type { Service } from '../service.ts';
import {
  type ConnectorRecord,
  deleteConnector,
  findConnector,
  insertConnector,
  listConnectors,
  saveConnector,
} from '../store/connectors.ts';
import type { Queries } from '../store/schema.ts';
import { eachServers, saveServer } from '../store/source-servers.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  'CreateConnector' | 'UpdateConnector' | 'DeleteConnector' | 'ListConnectors'
>;

const RESOURCE_TYPE = 'Connector';
/** Public MGN documentation. */
const CONNECTORS_MAX = 50;

export const connectorOperations: Operations = {
  CreateConnector: async (input, service) => {
    const connector = await service.store.transaction((tx) => create(service, tx, input));
    return showConnector(service, connector);
  },

  UpdateConnector: async ({ connectorID, name, ssmCommandConfig }, service) => {
    const changed = await service.store.transaction(async (tx) => {
      const connector = await requireConnector(tx, connectorID);
      const next = {
        ...connector,
        name: name ?? connector.name,
        ssmCommandConfig: ssmCommandConfig ?? connector.ssmCommandConfig,
      };
      await saveConnector(tx, next);
      return next;
    });
    return showConnector(service, changed);
  },

  /** Source servers that pointed at it point nowhere afterwards. */
  DeleteConnector: async ({ connectorID }, service) => {
    await service.store.transaction(async (tx) => {
      await requireConnector(tx, connectorID);
      const arn = arnOfConnector(service, connectorID);
      for await (const servers of eachServers(tx)) {
        for (const { connectorAction, ...rest } of servers) {
          if (connectorAction?.connectorArn === arn) await saveServer(tx, rest);
        }
      }
      await deleteConnector(tx, connectorID);
    });
    return {};
  },

  ListConnectors: async (input, service) => {
    const { connectorIDs = [] } = input.filters ?? {};
    const connectors = (await listConnectors(service.store.db)).filter(
      ({ connectorId }) => connectorIDs.length === 0 || connectorIDs.includes(connectorId),
    );
    const page = paginate(connectors, input, {
      listing: `ListConnectors ${JSON.stringify(connectorIDs)}`,
      sortKeyOf: ({ createdAtMs, connectorId }) => `${String(createdAtMs).padStart(15, '0')} ${connectorId}`,
    });
    return { ...page, items: page.items.map((connector) => showConnector(service, connector)) };
  },
};

/** The same request again answers what the first one made. */
async function create(
  service: Service,
  tx: Queries,
  { name, ssmInstanceID, ssmCommandConfig, tags = {} }: Mgn.CreateConnectorRequest,
): Promise<ConnectorRecord> {
  const connectors = await listConnectors(tx);
  const request = requestKey({ name, ssmInstanceId: ssmInstanceID, ssmCommandConfig, tags });
  const known = connectors.find((connector) => requestKey(connector) === request);
  if (known !== undefined) return known;
  // The operation's modelled errors have no quota.
  if (connectors.length >= CONNECTORS_MAX) {
    throw ApiError.validation(`There may be at most ${CONNECTORS_MAX} connectors.`);
  }
  const connector: ConnectorRecord = {
    connectorId: publicId('connector-', service.random),
    name,
    ssmInstanceId: ssmInstanceID,
    ssmCommandConfig,
    createdAtMs: service.clock.nowMs(),
    tags,
  };
  await insertConnector(tx, connector);
  return connector;
}

type ConnectorRequest = Omit<ConnectorRecord, 'connectorId' | 'createdAtMs'>;

function requestKey({ name, ssmInstanceId, ssmCommandConfig = undefined, tags }: ConnectorRequest): string {
  const sorted = (value: object = {}) =>
    Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([name, ssmInstanceId, sorted(ssmCommandConfig), sorted(tags)]);
}

async function requireConnector(db: Queries, connectorId: string): Promise<ConnectorRecord> {
  const connector = await findConnector(db, connectorId);
  if (connector === undefined) throw ApiError.notFound(connectorId, RESOURCE_TYPE);
  return connector;
}

/** That an ARN names one of our connectors. Throws ResourceNotFoundException. */
export async function requireConnectorArn(service: Service, tx: Queries, arn: string): Promise<void> {
  const connectorId = arn.slice(arn.lastIndexOf('/') + 1);
  const isOurs = arnOfConnector(service, connectorId) === arn;
  if (!isOurs) throw ApiError.notFound(arn, RESOURCE_TYPE);
  await requireConnector(tx, connectorId);
}

function arnOfConnector({ facts }: Service, connectorId: string): string {
  return arnOf('mgn', 'connector', connectorId, facts);
}

function showConnector(service: Service, connector: ConnectorRecord): Mgn.Connector {
  return {
    connectorID: connector.connectorId,
    name: connector.name,
    ssmInstanceID: connector.ssmInstanceId,
    arn: arnOfConnector(service, connector.connectorId),
    tags: connector.tags,
    ssmCommandConfig: connector.ssmCommandConfig,
  };
}
