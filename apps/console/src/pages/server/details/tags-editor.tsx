import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Grid from '@cloudscape-design/components/grid';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { randomId } from '../../../browser-clock.ts';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { useDraft } from '../../../shell/use-draft.ts';
import { DiscardButton, OvertakenAlert } from '../../../widgets/draft-parts.tsx';
import type { ServerTabProps } from '../server-page.tsx';
import { type Tags, tagChanges } from './tag-changes.ts';

interface Row {
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

export function TagsEditor({ server }: ServerTabProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { tags = {}, arn: resourceArn = '' } = server;
  const draft = useDraft<readonly Row[]>(tags);
  const rows = draft.typed ?? rowsOf(tags);
  const { set, remove } = tagChanges(
    tags,
    rows.map(({ key, value }) => [key, value]),
  );
  const isChanged = remove.length > 0 || Object.keys(set).length > 0;
  const save = useChange({
    work: async () => {
      if (Object.keys(set).length > 0) await mgn('TagResource', { resourceArn, tags: set });
      if (remove.length > 0) await mgn('UntagResource', { resourceArn, tagKeys: remove });
      draft.discard();
    },
    says: () => t('details.tags.saved'),
  });
  const change = (id: string, next: Partial<Row>) =>
    draft.type(rows.map((row) => (row.id === id ? { ...row, ...next } : row)));
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button onClick={() => draft.type([...rows, { id: randomId(), key: '', value: '' }])}>
                {t('details.tags.add')}
              </Button>
              <DiscardButton draft={draft} isBusy={save.isBusy} />
              <Button variant="primary" disabled={!isChanged} loading={save.isBusy} onClick={save.run}>
                {t('common.save')}
              </Button>
            </SpaceBetween>
          }
        >
          {t('details.tags')}
        </Header>
      }
    >
      <SpaceBetween size="s">
        <OvertakenAlert draft={draft} isBusy={save.isBusy} />
        {rows.length === 0 && <Box>{t('details.tags.empty')}</Box>}
        {rows.map((row) => (
          <Grid key={row.id} gridDefinition={[{ colspan: 4 }, { colspan: 6 }, { colspan: 2 }]}>
            <FormField label={t('details.tags.key')}>
              <Input value={row.key} onChange={({ detail }) => change(row.id, { key: detail.value })} />
            </FormField>
            <FormField label={t('details.tags.value')}>
              <Input value={row.value} onChange={({ detail }) => change(row.id, { value: detail.value })} />
            </FormField>
            <FormField label={t('common.actions')}>
              <Button
                ariaLabel={`${t('details.tags.remove')}: ${row.key}`}
                onClick={() => draft.type(rows.filter(({ id }) => id !== row.id))}
              >
                {t('details.tags.remove')}
              </Button>
            </FormField>
          </Grid>
        ))}
      </SpaceBetween>
    </Container>
  );
}

function rowsOf(tags: Tags): readonly Row[] {
  return Object.entries(tags).map(([key, value]) => ({ id: key, key, value }));
}
