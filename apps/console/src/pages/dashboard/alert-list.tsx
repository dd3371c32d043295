/** What does not go on by itself, each with its cause, the next step and the way there. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { alertHref, alertKey, nextStepKey } from './alert-text.ts';

const SHOWN_MAX = 8;

export interface AlertListProps {
  readonly alerts: readonly Landfall.FleetAlert[];
  /** There may be more than were told. */
  readonly total: number;
}

export function AlertList({ alerts, total }: AlertListProps): ReactNode {
  const { t } = useI18n();
  const [isWhole, setIsWhole] = useState(false);
  if (alerts.length === 0)
    return <StatusIndicator type="success">{t('dashboard.alerts.none')}</StatusIndicator>;
  const shown = isWhole ? alerts : alerts.slice(0, SHOWN_MAX);
  const more = total - shown.length;
  return (
    <SpaceBetween size="s">
      {shown.map((alert) => (
        <AlertItem key={`${alert.kind} ${alert.resourceID}`} alert={alert} />
      ))}
      {more > 0 && <Box>{t('dashboard.alert.more', { count: more })}</Box>}
      {shown.length < alerts.length && (
        <Button variant="inline-link" onClick={() => setIsWhole(true)}>
          {t('dashboard.alert.showMore')}
        </Button>
      )}
    </SpaceBetween>
  );
}

function AlertItem({ alert }: { readonly alert: Landfall.FleetAlert }): ReactNode {
  const { t, formats } = useI18n();
  const { follow } = useNavigation();
  const { kind, rank, name, detail, sinceDateTime } = alert;
  const text = t(alertKey(kind), { name });
  const step = t(nextStepKey(kind));
  return (
    <div>
      <StatusIndicator type={rank === 'ERROR' ? 'error' : 'warning'}>{text}</StatusIndicator>
      <Box margin={{ left: 'l' }} color="text-body-secondary">
        {detail === undefined ? '' : `${detail} `}
        {sinceDateTime === undefined
          ? ''
          : `${t('dashboard.alert.since', { time: formats.dateTime(sinceDateTime) })} `}
        <Link href={alertHref(alert)} onFollow={follow} ariaLabel={`${step}: ${text}`}>
          {step}
        </Link>
      </Box>
    </div>
  );
}
