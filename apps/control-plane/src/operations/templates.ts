/**
 * Replication and launch configuration templates. The last one may be deleted: the next agent makes the
 * default anew.
 */
import { ApiError, arnOf, type Handlers, type PageRequest, paginate } from '@landfall/api';
import { publicId } from '@landfall/runtime';
import { requireDocuments } from '../actions/script-library.ts';
import {
  DEFAULT_LAUNCH_SETTINGS,
  type LaunchTemplateSettings,
  type ReplicationTemplateSettings,
} from '../lifecycle/default-settings.ts';
import type { Service } from '../service.ts';
import { deleteActionsOf } from '../store/post-launch-actions.ts';
import {
  deleteTemplate,
  findTemplate,
  insertTemplate,
  listTemplates,
  saveTemplate,
  type TemplateKind,
  type TemplateRecord,
} from '../store/templates.ts';
import { withoutAbsent } from './partial-update.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  | 'CreateReplicationConfigurationTemplate'
  | 'UpdateReplicationConfigurationTemplate'
  | 'DescribeReplicationConfigurationTemplates'
  | 'DeleteReplicationConfigurationTemplate'
  | 'CreateLaunchConfigurationTemplate'
  | 'UpdateLaunchConfigurationTemplate'
  | 'DescribeLaunchConfigurationTemplates'
  | 'DeleteLaunchConfigurationTemplate'
>;

export const templateOperations: Operations = {
  CreateReplicationConfigurationTemplate: async ({ tags, ...settings }, service) =>
    showReplication(service, await create(service, 'REPLICATION', settings, tags)),

  UpdateReplicationConfigurationTemplate: async (input, service) => {
    const { replicationConfigurationTemplateID, arn: _, ...change } = input;
    const template = await update<ReplicationTemplateSettings>(
      service,
      'REPLICATION',
      replicationConfigurationTemplateID,
      change,
    );
    return showReplication(service, template);
  },

  DescribeReplicationConfigurationTemplates: async (input, service) => {
    const ids = input.replicationConfigurationTemplateIDs;
    const page = await describe<ReplicationTemplateSettings>(service, 'REPLICATION', ids, input);
    return { ...page, items: page.items.map((template) => showReplication(service, template)) };
  },

  DeleteReplicationConfigurationTemplate: ({ replicationConfigurationTemplateID }, service) =>
    remove(service, 'REPLICATION', replicationConfigurationTemplateID),

  CreateLaunchConfigurationTemplate: async ({ tags, ...settings }, service) => {
    await requireDocuments(service.store.db, settings.postLaunchActions);
    const whole = withoutAbsent<LaunchTemplateSettings>({ ...DEFAULT_LAUNCH_SETTINGS }, settings);
    return showLaunch(service, await create(service, 'LAUNCH', whole, tags));
  },

  UpdateLaunchConfigurationTemplate: async ({ launchConfigurationTemplateID, ...change }, service) => {
    await requireDocuments(service.store.db, change.postLaunchActions);
    return showLaunch(
      service,
      await update<LaunchTemplateSettings>(service, 'LAUNCH', launchConfigurationTemplateID, change),
    );
  },

  DescribeLaunchConfigurationTemplates: async (input, service) => {
    const ids = input.launchConfigurationTemplateIDs;
    const page = await describe<LaunchTemplateSettings>(service, 'LAUNCH', ids, input);
    return { ...page, items: page.items.map((template) => showLaunch(service, template)) };
  },

  DeleteLaunchConfigurationTemplate: ({ launchConfigurationTemplateID }, service) =>
    remove(service, 'LAUNCH', launchConfigurationTemplateID),
};

const RESOURCE = {
  REPLICATION: {
    prefix: 'rct-',
    arnType: 'replication-configuration-template',
    type: 'ReplicationConfigurationTemplate',
  },
  LAUNCH: { prefix: 'lct-', arnType: 'launch-configuration-template', type: 'LaunchConfigurationTemplate' },
} as const satisfies Record<TemplateKind, object>;

async function create<Settings>(
  { store, clock, random }: Service,
  kind: TemplateKind,
  settings: Settings,
  tags: Readonly<Record<string, string>> = {},
): Promise<TemplateRecord<Settings>> {
  const template = { templateId: publicId(RESOURCE[kind].prefix, random), tags, settings };
  await store.transaction((tx) => insertTemplate(tx, kind, template, clock.nowMs()));
  return template;
}

function update<Settings extends object>(
  { store }: Service,
  kind: TemplateKind,
  templateId: string,
  change: { readonly [Key in keyof Settings]?: Settings[Key] | undefined },
): Promise<TemplateRecord<Settings>> {
  return store.transaction(async (tx) => {
    const template = await findTemplate<Settings>(tx, kind, templateId);
    if (template === undefined) throw ApiError.notFound(templateId, RESOURCE[kind].type);
    const changed = { ...template, settings: withoutAbsent(template.settings, change) };
    await saveTemplate(tx, changed);
    return changed;
  });
}

async function describe<Settings>(
  { store }: Service,
  kind: TemplateKind,
  ids: readonly string[] = [],
  page: PageRequest,
) {
  const templates = await listTemplates<Settings>(store.db, kind);
  const missing = ids.find((id) => !templates.some(({ templateId }) => templateId === id));
  if (missing !== undefined) throw ApiError.notFound(missing, RESOURCE[kind].type);
  const wanted = templates.filter(({ templateId }) => ids.length === 0 || ids.includes(templateId));
  return paginate(wanted, page, {
    listing: `${RESOURCE[kind].type} ${JSON.stringify(ids)}`,
    sortKeyOf: ({ templateId }) => templateId,
  });
}

async function remove({ store }: Service, kind: TemplateKind, templateId: string) {
  await store.transaction(async (tx) => {
    const template = await findTemplate(tx, kind, templateId);
    if (template === undefined) throw ApiError.notFound(templateId, RESOURCE[kind].type);
    await deleteActionsOf(tx, templateId);
    await deleteTemplate(tx, templateId);
  });
  return {};
}

function showReplication(
  { facts }: Service,
  { templateId, tags, settings }: TemplateRecord<ReplicationTemplateSettings>,
) {
  const arn = arnOf('mgn', RESOURCE.REPLICATION.arnType, templateId, facts);
  return { ...settings, replicationConfigurationTemplateID: templateId, arn, tags };
}

function showLaunch(
  { facts }: Service,
  { templateId, tags, settings }: TemplateRecord<LaunchTemplateSettings>,
) {
  const arn = arnOf('mgn', RESOURCE.LAUNCH.arnType, templateId, facts);
  return { ...settings, launchConfigurationTemplateID: templateId, arn, tags };
}
