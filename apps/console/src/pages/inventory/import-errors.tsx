/** What was wrong in an imported file, row by row, here and as a file. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { downloadText } from '../../widgets/download.ts';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { InEnglish } from '../../widgets/in-english.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { errorsFile, isRefused, subjectOf } from './inventory-files.ts';

/** The service lists no more than this of an import. */
const ERRORS_MAX = 1000;

export interface ImportErrorsProps {
  readonly importID: string;
  readonly status: Mgn.ImportStatus | undefined;
}

export function ImportErrors({ importID, status }: ImportErrorsProps): ReactNode {
  const { t, formats } = useI18n();
  const { mgn } = useConsole();
  const isOver = status === 'SUCCEEDED' || status === 'FAILED';
  const none = isOver ? 'inventory.errors.none' : 'inventory.errors.noneYet';
  return (
    <SpaceBetween size="m">
      {status === 'FAILED' && <Verdict importID={importID} />}
      <PagedTable<Mgn.ImportTaskError>
        title={t('inventory.errors')}
        description={t('inventory.errors.text')}
        listing={`errors of ${importID}`}
        on={['ImportChanged']}
        about={importID}
        load={(page) => mgn('ListImportErrors', { importID, ...page })}
        trackBy={({ errorData = {}, errorDateTime }) =>
          `${errorData.rowNumber} ${errorDateTime} ${errorData.rawError}`
        }
        empty={<EmptyList title={t(none)} text={t(`${none}Text`)} />}
        actions={<DownloadErrors importID={importID} />}
        columns={[
          {
            id: 'row',
            header: t('inventory.errors.row'),
            isRowHeader: true,
            cell: ({ errorData: { rowNumber } = {} }) =>
              rowNumber === undefined ? '' : formats.number(rowNumber),
          },
          {
            id: 'kind',
            header: t('inventory.errors.kind'),
            cell: ({ errorType }) => t(`inventory.errors.${errorType ?? 'WARNING'}`),
          },
          {
            id: 'what',
            header: t('inventory.errors.what'),
            cell: ({ errorData: { rawError } = {} }) => <InEnglish>{rawError}</InEnglish>,
          },
          {
            id: 'of',
            header: t('inventory.errors.of'),
            cell: ({ errorData = {} }) => subjectOf(errorData) ?? t('common.none'),
          },
        ]}
      />
    </SpaceBetween>
  );
}

/** Asked for once for the verdict and the file. */
function useAllErrors(importID: string): readonly Mgn.ImportTaskError[] {
  const { mgn } = useConsole();
  const answer = useLive({
    key: `all errors of ${importID}`,
    on: ['ImportChanged'],
    about: importID,
    load: async () => (await mgn('ListImportErrors', { importID, maxResults: ERRORS_MAX })).items ?? [],
  });
  return answer.value ?? [];
}

function Verdict({ importID }: { readonly importID: string }): ReactNode {
  const { t } = useI18n();
  const errors = useAllErrors(importID);
  if (errors.length === 0) return null;
  return (
    <Alert type="error">
      {t(isRefused(errors) ? 'inventory.errors.refused' : 'inventory.errors.partly')}
    </Alert>
  );
}

function DownloadErrors({ importID }: { readonly importID: string }): ReactNode {
  const { t } = useI18n();
  const errors = useAllErrors(importID);
  const download = () => {
    const header = [
      t('inventory.errors.row'),
      t('inventory.errors.kind'),
      t('inventory.errors.what'),
      t('inventory.errors.of'),
    ];
    const text = errorsFile(errors, { header, kindOf: (type) => t(`inventory.errors.${type}`) });
    downloadText({ name: `${importID}-errors.csv`, contentType: 'text/csv', text });
  };
  return (
    <Button iconName="download" disabled={errors.length === 0} onClick={download}>
      {t('inventory.errors.download')}
    </Button>
  );
}
