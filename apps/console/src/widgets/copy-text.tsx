/** A line to be copied as it is, with the button that does it. */
import Box from '@cloudscape-design/components/box';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

export function CopyText({
  text,
  isCommand = false,
}: {
  readonly text: string;
  readonly isCommand?: boolean;
}): ReactNode {
  const { t } = useI18n();
  const words = {
    copyButtonAriaLabel: t('common.copy'),
    copySuccessText: t('common.copied'),
    copyErrorText: t('common.copyFailed'),
  };
  if (!isCommand) return <CopyToClipboard {...words} variant="inline" textToCopy={text} />;
  return (
    <div className="copy-line">
      <Box variant="code" display="block">
        <span className="copy-line-text">{text}</span>
      </Box>
      <CopyToClipboard {...words} variant="icon" textToCopy={text} />
    </div>
  );
}
