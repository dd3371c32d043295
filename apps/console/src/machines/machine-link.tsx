import Link from '@cloudscape-design/components/link';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useNavigation } from '../shell/navigation.tsx';
import { machineHref } from '../shell/route.ts';

/** A dash where there is none. */
export function MachineLink({ machineID }: { readonly machineID: string | undefined }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  if (machineID === undefined) return t('common.none');
  return (
    <Link href={machineHref(machineID)} onFollow={follow}>
      {machineID}
    </Link>
  );
}
