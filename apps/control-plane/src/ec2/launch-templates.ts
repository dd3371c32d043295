/** Launch templates: made, found, given another default version, deleted. */
import { type Ec2Handlers, type Ec2Input, ec2Error, isoDateTime } from '@landfall/api';
import { createTemplate, setDefaultVersion } from '../launch/launch-template.ts';
import { checkTemplateData } from '../operations/launch-templates.ts';
import type { Service } from '../service.ts';
import {
  deleteLaunchTemplate,
  findVersion,
  type LaunchTemplateRecord,
  listLaunchTemplates,
} from '../store/launch-templates.ts';
import type { Queries } from '../store/schema.ts';
import {
  findTemplateNamed,
  isServerTemplateName,
  requireTemplate,
  requireTemplateVersion,
  templateName,
  templateTags,
} from './find-template.ts';
import { listPage, selectById, tagSet } from './listings.ts';
import { listNetworks } from './networks.ts';
import { readTemplateData, tagsGiven } from './template-data.ts';

type Operations = Pick<
  Ec2Handlers<Service>,
  'CreateLaunchTemplate' | 'DescribeLaunchTemplates' | 'ModifyLaunchTemplate' | 'DeleteLaunchTemplate'
>;

export const launchTemplateOperations: Operations = {
  CreateLaunchTemplate: async (input, service) => {
    const networkNames = (await listNetworks(service)).map(({ name }) => name);
    const template = await service.store.transaction((tx) => create(service, tx, input, networkNames));
    return { launchTemplate: showTemplate(template) };
  },

  DescribeLaunchTemplates: async (input, { store }) => {
    const all = await listLaunchTemplates(store.db);
    const byId = selectById(all, input.LaunchTemplateId, {
      ...{ idOf, notFound: 'InvalidLaunchTemplateId.NotFound', kind: 'launch template' },
    });
    const byName = selectById(byId, input.LaunchTemplateName, {
      ...{ idOf: templateName, notFound: 'InvalidLaunchTemplateName.NotFoundException' },
      kind: 'launch template named',
    });
    const { items, nextToken } = listPage(byName, input, {
      ...{ name: 'DescribeLaunchTemplates', idOf, tagsOf: templateTags },
      table: {
        'launch-template-id': idOf,
        'launch-template-name': templateName,
        'create-time': ({ createdAtMs }) => isoDateTime(createdAtMs),
      },
    });
    return { launchTemplates: items.map(showTemplate), nextToken };
  },

  ModifyLaunchTemplate: ({ SetDefaultVersion, ...which }, { store }) =>
    store.transaction(async (tx) => {
      const template = await requireTemplate(tx, which);
      if (SetDefaultVersion === undefined) {
        throw ec2Error('MissingParameter', 'The request must contain the parameter DefaultVersion');
      }
      const { versionNumber } = await requireTemplateVersion(tx, template, SetDefaultVersion);
      const changed = await setDefaultVersion(tx, template, String(versionNumber));
      return { launchTemplate: showTemplate(changed.template) };
    }),

  DeleteLaunchTemplate: (which, { store }) =>
    store.transaction(async (tx) => {
      const template = await requireTemplate(tx, which);
      await deleteLaunchTemplate(tx, template.launchTemplateId);
      return { launchTemplate: showTemplate(template) };
    }),
};

/** The same call once more answers what it made. */
async function create(
  service: Service,
  tx: Queries,
  input: Ec2Input<'CreateLaunchTemplate'>,
  networkNames: readonly string[],
): Promise<LaunchTemplateRecord> {
  const { LaunchTemplateName: name, ClientToken: clientToken } = input;
  const { data, ec2Members } = readTemplateData(input.LaunchTemplateData, { networkNames });
  checkTemplateData(service, data);
  const known = await findTemplateNamed(tx, name);
  const first = known && (await findVersion(tx, known.launchTemplateId, 1));
  const isAgain = clientToken !== undefined && first?.clientToken === clientToken;
  if (known !== undefined && isAgain) return known;
  if (known !== undefined || isServerTemplateName(name)) {
    const why = 'Launch template name already in use.';
    throw ec2Error('InvalidLaunchTemplateName.AlreadyExistsException', why);
  }
  const tags = tagsGiven(input.TagSpecification, 'launch-template');
  const nowMs = service.clock.nowMs();
  const version = { data, ec2Members, nowMs, description: input.VersionDescription, clientToken };
  return (await createTemplate(tx, { name, tags, version }, service.random)).template;
}

function idOf({ launchTemplateId }: LaunchTemplateRecord): string {
  return launchTemplateId;
}

function showTemplate(template: LaunchTemplateRecord) {
  return {
    launchTemplateId: template.launchTemplateId,
    launchTemplateName: templateName(template),
    createTime: isoDateTime(template.createdAtMs),
    defaultVersionNumber: template.defaultVersion,
    latestVersionNumber: template.latestVersion,
    tagSet: tagSet(templateTags(template)),
  };
}
