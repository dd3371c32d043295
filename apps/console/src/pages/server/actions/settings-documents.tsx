/** What of the launch settings runs before a server's own actions, and for which launches all of them run. */
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../../shell/console-context.tsx';

const SECOND_MS = 1000;

export function SettingsDocuments({ sourceServerID }: { readonly sourceServerID: string }): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { value } = useLive({
    key: `launch configuration ${sourceServerID}`,
    on: ['SourceServerChanged', 'TemplateChanged'],
    about: sourceServerID,
    load: () => mgn('GetLaunchConfiguration', { sourceServerID }),
  });
  if (value === undefined) return null;
  const { deployment = 'TEST_AND_CUTOVER', ssmDocuments = [] } = value.postLaunchActions ?? {};
  return (
    <SpaceBetween size="m">
      <Box>
        {t('templates.launch.deployment')}: {t(`templates.launch.deployment.${deployment}`)}
      </Box>
      {ssmDocuments.length > 0 && <DocumentTable documents={ssmDocuments} />}
    </SpaceBetween>
  );
}

function DocumentTable({ documents }: { readonly documents: readonly Mgn.SsmDocument[] }): ReactNode {
  const { t, formats } = useI18n();
  return (
    <Table<Mgn.SsmDocument>
      wrapLines
      items={documents}
      ariaLabels={{ tableLabel: t('actions.documents.title') }}
      header={
        <Header variant="h2" description={t('actions.documents.text')}>
          {t('actions.documents.title')}
        </Header>
      }
      columnDefinitions={[
        { id: 'name', header: t('actions.name'), isRowHeader: true, cell: ({ actionName }) => actionName },
        { id: 'document', header: t('actions.document'), cell: ({ ssmDocumentName }) => ssmDocumentName },
        {
          id: 'timeout',
          header: t('actions.timeout'),
          cell: ({ timeoutSeconds: seconds }) =>
            formats.duration(seconds === undefined ? undefined : seconds * SECOND_MS),
        },
        {
          id: 'must',
          header: t('actions.must'),
          cell: ({ mustSucceedForCutover: must }) => t(must === true ? 'common.yes' : 'common.no'),
        },
      ]}
    />
  );
}
