/** Adding a server: what it needs, the token and the command, and then the server itself as it arrives. */
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useTitle } from '../../shell/console-context.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { ArrivingServers } from './arriving-servers.tsx';
import { Checklist } from './checklist.tsx';
import { type MadeToken, TokenMaker } from './token-maker.tsx';
import { TokenTable } from './token-table.tsx';

const HELP = ['help.addServer.1', 'help.addServer.2'] as const;

export function AddServerPage(): ReactNode {
  const { t } = useI18n();
  const [made, setMade] = useState<MadeToken>();
  useTitle(t('add.title'));
  useSurroundings(
    [
      { text: t('shell.servers'), href: hrefOf('/servers') },
      { text: t('add.title'), href: hrefOf('/servers/add') },
    ],
    HELP,
  );
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('add.description')}>
          {t('add.title')}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Checklist />
        <TokenMaker made={made} onMade={setMade} />
        <ArrivingServers since={made?.madeAtMs} />
        <TokenTable />
      </SpaceBetween>
    </ContentLayout>
  );
}
