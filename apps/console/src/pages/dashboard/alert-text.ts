/** What an alert of the fleet says, and where its next step is. Pure; complete by type. */
import type { Landfall } from '@landfall/api/types';
import type { MessageKey } from '../../i18n/languages.ts';
import { hrefOf, serverHref } from '../../shell/route.ts';

export type AlertKind = Landfall.FleetAlertKind;

/** The tab of the server's page. */
const TABS = {
  RANSOMWARE_SUSPECTED: 'timeline',
  REPLICATION_STALLED: 'overview',
  DOES_NOT_CONVERGE: 'replication',
  MAY_NOT_CONVERGE: 'replication',
  BOOT_PROOF_FAILED: 'timeline',
  PREFLIGHT_BLOCKED: 'preflight',
  STAGING_SPACE: 'replication',
  REPLICATION_PAUSED: 'overview',
  REPLICATION_SERVER_AWAY: undefined,
  LAUNCH_HOST_AWAY: undefined,
  NO_LAUNCH_HOST: undefined,
} as const satisfies Record<AlertKind, string | undefined>;

export function alertKey(kind: AlertKind): MessageKey {
  return `dashboard.alert.${kind}`;
}

export function nextStepKey(kind: AlertKind): MessageKey {
  return `dashboard.alert.next.${kind}`;
}

/** Of programs: where those that there are are listed. */
export function alertHref({ kind, sourceServerID }: Landfall.FleetAlert): string {
  const tab = TABS[kind];
  return sourceServerID === undefined ? hrefOf('/settings') : serverHref(sourceServerID, { tab });
}
