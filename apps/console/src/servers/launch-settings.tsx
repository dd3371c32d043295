/** What a server's launch configuration and a template of one have in common. */
import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

export const DISPOSITIONS = ['STARTED', 'STOPPED'] as const satisfies readonly Mgn.LaunchDisposition[];
export const RIGHT_SIZING = [
  'BASIC',
  'NONE',
] as const satisfies readonly Mgn.TargetInstanceTypeRightSizingMethod[];
export const BOOT_MODES = ['USE_SOURCE', 'LEGACY_BIOS', 'UEFI'] as const satisfies readonly Mgn.BootMode[];

type Copied = Pick<Mgn.LaunchConfiguration, 'copyPrivateIp' | 'copyTags'>;

/** What the machine takes over from its source. */
export function CopiedChoices(props: {
  readonly settings: Copied;
  readonly onChange: (change: Copied) => void;
}): ReactNode {
  const { settings, onChange } = props;
  const { t } = useI18n();
  return (
    <Box>
      <Checkbox
        checked={settings.copyPrivateIp === true}
        onChange={({ detail }) => onChange({ copyPrivateIp: detail.checked })}
      >
        {t('launch.copyPrivateIp')}
      </Checkbox>
      <Checkbox
        checked={settings.copyTags === true}
        onChange={({ detail }) => onChange({ copyTags: detail.checked })}
      >
        {t('launch.copyTags')}
      </Checkbox>
    </Box>
  );
}
