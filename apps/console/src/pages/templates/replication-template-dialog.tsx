/** A new replication template, or one that is changed. */
import Box from '@cloudscape-design/components/box';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useSubmission } from '../../shell/use-submission.ts';
import { FormDialog } from '../../widgets/form-dialog.tsx';
import { keptValues, newReplicationTemplate, parseBandwidth, templateName } from './template-values.ts';

export interface ReplicationTemplateDialogProps {
  /** Absent: a new one. */
  readonly template: Mgn.ReplicationConfigurationTemplate | undefined;
  readonly onEnd: () => void;
}

export function ReplicationTemplateDialog({ template, onEnd }: ReplicationTemplateDialogProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const [name, setName] = useState('');
  const [typed, setTyped] = useState(String(template?.bandwidthThrottling ?? 0));
  const bandwidthThrottling = parseBandwidth(typed);
  const shownName =
    template === undefined ? '' : templateName(template.replicationConfigurationTemplateID, template);
  const save = useSubmission({
    work: () => {
      if (template === undefined) {
        const request = newReplicationTemplate(name, bandwidthThrottling ?? 0);
        return mgn('CreateReplicationConfigurationTemplate', request);
      }
      const { replicationConfigurationTemplateID } = template;
      const change = { replicationConfigurationTemplateID, bandwidthThrottling };
      return mgn('UpdateReplicationConfigurationTemplate', change);
    },
    says: () => (template === undefined ? t('templates.created') : t('templates.saved', { name: shownName })),
    onDone: onEnd,
  });
  return (
    <FormDialog
      title={template === undefined ? t('templates.create') : t('templates.editOf', { name: shownName })}
      text={t('templates.replication.text')}
      submitText={template === undefined ? t('templates.create') : t('common.save')}
      submission={save}
      isDisabled={bandwidthThrottling === undefined}
      onCancel={onEnd}
    >
      {template === undefined && (
        <FormField label={t('templates.name')} description={t('templates.nameNote')}>
          <Input value={name} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
      )}
      <FormField
        label={t('templates.replication.bandwidth')}
        description={t('templates.replication.bandwidthNote')}
        errorText={bandwidthThrottling === undefined ? t('templates.replication.bandwidthWrong') : undefined}
      >
        <Input type="number" value={typed} onChange={({ detail }) => setTyped(detail.value)} />
      </FormField>
      {template !== undefined && <KeptValues template={template} />}
    </FormDialog>
  );
}

function KeptValues(props: { readonly template: Mgn.ReplicationConfigurationTemplate }): ReactNode {
  const { t } = useI18n();
  return (
    <ExpandableSection headerText={t('templates.replication.kept')}>
      <SpaceBetween size="s">
        <Box color="text-body-secondary">{t('templates.replication.keptText')}</Box>
        <KeyValuePairs
          columns={2}
          items={keptValues(props.template).map(({ name, value }) => ({ label: name, value }))}
        />
      </SpaceBetween>
    </ExpandableSection>
  );
}
