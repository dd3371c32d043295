/** Fetches a file of a bucket onto the person's own machine. */
import Button from '@cloudscape-design/components/button';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { downloadText } from '../../widgets/download.ts';
import { INVENTORY_BUCKET } from './inventory-files.ts';
import { fileNameOf, spreadsheetText } from './inventory-upload.ts';

export interface DownloadFileProps {
  readonly bucketName: string | undefined;
  readonly fileKey: string | undefined;
}

export function DownloadFile({ bucketName = INVENTORY_BUCKET, fileKey = '' }: DownloadFileProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const download = useChange({
    work: async () => {
      const { content } = await landfall('GetInventoryFile', { bucketName, key: fileKey });
      const text = spreadsheetText(content);
      downloadText({ name: fileNameOf(fileKey), contentType: 'text/csv', text });
    },
    title: t('inventory.download'),
  });
  return (
    <Button iconName="download" loading={download.isBusy} onClick={download.run}>
      {t('inventory.download')}
    </Button>
  );
}
