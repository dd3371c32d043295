/** Tags of whatever has an ARN. */
import { ApiError, type Handlers, parseArn } from '@landfall/api';
import type { Service } from '../service.ts';
import { findBootProof } from '../store/boot-proofs.ts';
import { findConnector, saveConnector } from '../store/connectors.ts';
import { findGroup, type GroupKind, saveGroup } from '../store/groups.ts';
import { findTask, type InventoryTask, setTaskTags } from '../store/inventory-tasks.ts';
import { findJob, setJobTags } from '../store/jobs.ts';
import { findLaunchTemplateById } from '../store/launch-templates.ts';
import { findMachine } from '../store/machines.ts';
import { findProof } from '../store/proofs.ts';
import type { Queries } from '../store/schema.ts';
import { findServer, saveServer } from '../store/source-servers.ts';
import { findTemplate, saveTemplate, type TemplateKind } from '../store/templates.ts';

type Tags = Readonly<Record<string, string>>;
type Operations = Pick<Handlers<'mgn', Service>, 'TagResource' | 'UntagResource' | 'ListTagsForResource'>;

const TAGS_MAX = 50;

interface Tagged {
  readonly tags: Tags;
  save(tags: Tags): Promise<void>;
}

export const tagOperations: Operations = {
  TagResource: async ({ resourceArn, tags }, service) => {
    await changeTags(service, resourceArn, (current) => ({ ...current, ...tags }));
    return {};
  },
  UntagResource: async ({ resourceArn, tagKeys }, service) => {
    await changeTags(service, resourceArn, (current) =>
      Object.fromEntries(Object.entries(current).filter(([key]) => !tagKeys.includes(key))),
    );
    return {};
  },
  ListTagsForResource: async ({ resourceArn }, service) => {
    const { tags } = await findTagged(service, service.store.db, resourceArn);
    return { tags };
  },
};

function changeTags(service: Service, resourceArn: string, change: (tags: Tags) => Tags): Promise<void> {
  return service.store.transaction(async (tx) => {
    const tagged = await findTagged(service, tx, resourceArn);
    const tags = change(tagged.tags);
    if (Object.keys(tags).length > TAGS_MAX) {
      throw ApiError.validation(`A resource has at most ${TAGS_MAX} tags.`);
    }
    await tagged.save(tags);
  });
}

async function findTagged({ facts }: Service, db: Queries, resourceArn: string): Promise<Tagged> {
  const arn = parseArn(resourceArn);
  const isOurs = arn?.service === 'mgn' && arn.region === facts.region && arn.accountId === facts.accountId;
  if (arn === undefined) throw ApiError.validation('resourceArn is not an ARN.');
  const tagged = isOurs ? await findByType(db, arn.type, arn.id) : undefined;
  if (tagged === undefined) throw ApiError.notFound(resourceArn, arn.type);
  return tagged;
}

/** For conditions on tags: `undefined` when there is no such resource, or it has none. */
export async function tagsOfResource(
  { facts, store: { db } }: Pick<Service, 'facts' | 'store'>,
  resource: string,
): Promise<Tags | undefined> {
  const arn = parseArn(resource);
  if (arn?.region !== facts.region || arn.accountId !== facts.accountId) return undefined;
  if (arn.service === 'mgn') return (await findByType(db, arn.type, arn.id))?.tags;
  if (arn.service !== 'landfall' && arn.service !== 'ec2') return undefined;
  const template = arn.type === 'launch-template' ? await findLaunchTemplateById(db, arn.id) : undefined;
  if (template?.name !== undefined) return template.tags;
  const sourceServerId = template?.sourceServerId ?? (await serverBehind(db, arn.type, arn.id));
  return sourceServerId === undefined ? undefined : (await findServer(db, sourceServerId))?.tags;
}

/** What was made from a server is judged by the tags of the server. */
async function serverBehind(db: Queries, type: string, id: string): Promise<string | undefined> {
  if (type === 'machine' || type === 'instance') return (await findMachine(db, id))?.sourceServerId;
  if (type === 'boot-proof') return (await findBootProof(db, id))?.sourceServerId;
  return type === 'proof' ? (await findProof(db, id))?.sourceServerId : undefined;
}

function findByType(db: Queries, type: string, id: string): Promise<Tagged | undefined> {
  switch (type) {
    case 'source-server':
      return findTaggedServer(db, id);
    case 'job':
      return findTaggedJob(db, id);
    case 'application':
      return findTaggedGroup(db, 'APPLICATION', id);
    case 'wave':
      return findTaggedGroup(db, 'WAVE', id);
    case 'connector':
      return findTaggedConnector(db, id);
    case 'import':
      return findTaggedTask(db, 'IMPORT', id);
    case 'export':
      return findTaggedTask(db, 'EXPORT', id);
    case 'replication-configuration-template':
      return findTaggedTemplate(db, 'REPLICATION', id);
    case 'launch-configuration-template':
      return findTaggedTemplate(db, 'LAUNCH', id);
    default:
      return Promise.resolve(undefined);
  }
}

async function findTaggedServer(db: Queries, id: string): Promise<Tagged | undefined> {
  const server = await findServer(db, id);
  if (server === undefined) return undefined;
  return { tags: server.tags, save: (tags) => saveServer(db, { ...server, tags }) };
}

async function findTaggedJob(db: Queries, id: string): Promise<Tagged | undefined> {
  const job = await findJob(db, id);
  if (job === undefined || job.type === 'RETIREMENT') return undefined;
  return { tags: job.tags, save: (tags) => setJobTags(db, job, tags) };
}

async function findTaggedTemplate(db: Queries, kind: TemplateKind, id: string): Promise<Tagged | undefined> {
  const template = await findTemplate(db, kind, id);
  if (template === undefined) return undefined;
  return { tags: template.tags, save: (tags) => saveTemplate(db, { ...template, tags }) };
}

async function findTaggedGroup(db: Queries, kind: GroupKind, id: string): Promise<Tagged | undefined> {
  const group = await findGroup(db, kind, id);
  if (group === undefined) return undefined;
  return { tags: group.tags, save: (tags) => saveGroup(db, { ...group, tags }) };
}

async function findTaggedConnector(db: Queries, id: string): Promise<Tagged | undefined> {
  const connector = await findConnector(db, id);
  if (connector === undefined) return undefined;
  return { tags: connector.tags, save: (tags) => saveConnector(db, { ...connector, tags }) };
}

async function findTaggedTask(
  db: Queries,
  kind: InventoryTask['kind'],
  id: string,
): Promise<Tagged | undefined> {
  const task = await findTask(db, kind, id);
  if (task === undefined) return undefined;
  return { tags: task.tags, save: (tags) => setTaskTags(db, id, tags) };
}
