import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { DeleteTemplateDialog } from './delete-template-dialog.tsx';
import { ReplicationTemplateDialog } from './replication-template-dialog.tsx';
import { templateName } from './template-values.ts';

type Template = Mgn.ReplicationConfigurationTemplate;

type Question =
  | { readonly kind: 'create' }
  | { readonly kind: 'edit' | 'delete'; readonly template: Template };

export function ReplicationTemplateList(): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const [question, setQuestion] = useState<Question>();
  const end = () => setQuestion(undefined);
  return (
    <>
      <PagedTable<Template>
        title={t('templates.replication.title')}
        description={t('templates.replication.text')}
        listing="replication templates"
        on={['TemplateChanged']}
        load={(page) => mgn('DescribeReplicationConfigurationTemplates', page)}
        trackBy="replicationConfigurationTemplateID"
        empty={
          <EmptyList title={t('templates.replication.empty')} text={t('templates.replication.emptyText')} />
        }
        actions={
          <Button variant="primary" onClick={() => setQuestion({ kind: 'create' })}>
            {t('templates.create')}
          </Button>
        }
        columns={[
          { id: 'name', header: t('common.name'), isRowHeader: true, cell: nameOf },
          {
            id: 'id',
            header: 'ID',
            cell: ({ replicationConfigurationTemplateID: id }) => id,
          },
          {
            id: 'bandwidth',
            header: t('templates.replication.bandwidth'),
            cell: ({ bandwidthThrottling: mbps = 0 }) =>
              mbps === 0 ? t('replicationTab.limit.none') : t('replicationTab.limit.mbps', { count: mbps }),
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: (template) => <TemplateActions template={template} onAsk={setQuestion} />,
          },
        ]}
      />
      {question?.kind === 'create' && <ReplicationTemplateDialog template={undefined} onEnd={end} />}
      {question?.kind === 'edit' && <ReplicationTemplateDialog template={question.template} onEnd={end} />}
      {question?.kind === 'delete' && <DeleteDialog template={question.template} onEnd={end} />}
    </>
  );
}

function TemplateActions(props: {
  readonly template: Template;
  readonly onAsk: (question: Question) => void;
}): ReactNode {
  const { template, onAsk } = props;
  const { t } = useI18n();
  const name = nameOf(template);
  return (
    <SpaceBetween direction="horizontal" size="s">
      <Button
        variant="inline-link"
        ariaLabel={t('templates.editOf', { name })}
        onClick={() => onAsk({ kind: 'edit', template })}
      >
        {t('templates.edit')}
      </Button>
      <Button
        variant="inline-link"
        ariaLabel={t('templates.deleteOf', { name })}
        onClick={() => onAsk({ kind: 'delete', template })}
      >
        {t('templates.delete')}
      </Button>
    </SpaceBetween>
  );
}

function DeleteDialog(props: { readonly template: Template; readonly onEnd: () => void }): ReactNode {
  const { template, onEnd } = props;
  const { mgn } = useConsole();
  const { replicationConfigurationTemplateID } = template;
  return (
    <DeleteTemplateDialog
      name={nameOf(template)}
      work={() => mgn('DeleteReplicationConfigurationTemplate', { replicationConfigurationTemplateID })}
      onEnd={onEnd}
    />
  );
}

function nameOf(template: Template): string {
  return templateName(template.replicationConfigurationTemplateID, template);
}
