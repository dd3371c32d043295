import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { launchTemplateHref } from '../../shell/route.ts';
import { useSubmission } from '../../shell/use-submission.ts';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { FormDialog } from '../../widgets/form-dialog.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { nameTag, templateName } from './template-values.ts';

type Template = Mgn.LaunchConfigurationTemplate;

export function LaunchTemplateList(): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { follow } = useNavigation();
  const [isMaking, setIsMaking] = useState(false);
  const copiesOf = ({ copyPrivateIp, copyTags }: Template) =>
    [
      ...(copyPrivateIp === true ? [t('templates.launch.copies.ip')] : []),
      ...(copyTags === true ? [t('templates.launch.copies.tags')] : []),
    ].join(', ') || t('common.none');
  return (
    <>
      <PagedTable<Template>
        title={t('templates.launch.title')}
        description={t('templates.launch.text')}
        listing="launch configuration templates"
        on={['TemplateChanged']}
        load={(page) => mgn('DescribeLaunchConfigurationTemplates', page)}
        trackBy="launchConfigurationTemplateID"
        empty={<EmptyList title={t('templates.launch.empty')} text={t('templates.launch.emptyText')} />}
        actions={
          <Button variant="primary" onClick={() => setIsMaking(true)}>
            {t('templates.create')}
          </Button>
        }
        columns={[
          {
            id: 'name',
            header: t('common.name'),
            isRowHeader: true,
            cell: (template) => (
              <Link href={launchTemplateHref(template.launchConfigurationTemplateID)} onFollow={follow}>
                {templateName(template.launchConfigurationTemplateID, template)}
              </Link>
            ),
          },
          {
            id: 'disposition',
            header: t('launch.disposition'),
            cell: ({ launchDisposition = 'STARTED' }) => t(`launch.disposition.${launchDisposition}`),
          },
          {
            id: 'size',
            header: t('launch.rightSizing'),
            cell: ({ targetInstanceTypeRightSizingMethod: method }) =>
              t(method === 'NONE' ? 'launch.rightSizing.NONE' : 'launch.rightSizing.BASIC'),
          },
          {
            id: 'firmware',
            header: t('launch.bootMode'),
            cell: ({ bootMode = 'USE_SOURCE' }) => t(`launch.bootMode.${bootMode}`),
          },
          { id: 'copies', header: t('templates.launch.copies'), cell: copiesOf },
        ]}
      />
      {isMaking && <CreateDialog onEnd={() => setIsMaking(false)} />}
    </>
  );
}

function CreateDialog({ onEnd }: { readonly onEnd: () => void }): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { go } = useNavigation();
  const [name, setName] = useState('');
  const create = useSubmission({
    work: () => mgn('CreateLaunchConfigurationTemplate', nameTag(name)),
    says: () => t('templates.created'),
    onDone: ({ launchConfigurationTemplateID }) => go(launchTemplateHref(launchConfigurationTemplateID)),
  });
  return (
    <FormDialog
      title={t('templates.create')}
      text={t('templates.launch.createText')}
      submitText={t('templates.create')}
      submission={create}
      onCancel={onEnd}
    >
      <FormField label={t('templates.name')} description={t('templates.nameNote')}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </FormDialog>
  );
}
