import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';

export interface ServersHeaderProps {
  readonly count: number;
  /** That fit the filters; absent: not known yet. */
  readonly total: number | undefined;
  readonly menu: ReactNode;
  readonly onRefresh: () => void;
}

export function ServersHeader({ count, total = count, menu, onRefresh }: ServersHeaderProps): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  return (
    <Header
      variant="awsui-h1-sticky"
      description={t('servers.description')}
      counter={`(${t('servers.counter', { count, total })})`}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button iconName="refresh" ariaLabel={t('common.refresh')} onClick={onRefresh} />
          {menu}
          <Button variant="primary" href={hrefOf('/servers/add')} onFollow={follow}>
            {t('shell.addServer')}
          </Button>
        </SpaceBetween>
      }
    >
      {t('servers.title')}
    </Header>
  );
}
