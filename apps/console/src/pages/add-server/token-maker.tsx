/** Makes the token; the command with it is shown this once. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { CopyText } from '../../widgets/copy-text.tsx';

export interface MadeToken {
  readonly output: Landfall.CreateEnrolmentTokenResponse;
  readonly usesMax: number;
  readonly madeAtMs: number;
}

const LIFETIMES = [
  { value: '3600', label: 'add.token.hour' },
  { value: '86400', label: 'add.token.day' },
  { value: '604800', label: 'add.token.week' },
] as const;
const USES_MAX = 10_000;

export interface TokenMakerProps {
  readonly made: MadeToken | undefined;
  readonly onMade: (made: MadeToken) => void;
}

export function TokenMaker({ made, onMade }: TokenMakerProps): ReactNode {
  const { t } = useI18n();
  const { clock, landfall } = useConsole();
  const [lifetime, setLifetime] = useState('86400');
  const [uses, setUses] = useState('1');
  const [name, setName] = useState('');
  const usesMax = /^\d{1,5}$/.test(uses) ? Number(uses) : 0;
  const isRight = usesMax >= 1 && usesMax <= USES_MAX;
  const options = LIFETIMES.map(({ value, label }) => ({ value, label: t(label) }));
  const make = useChange({
    work: async () => {
      const madeAtMs = clock.nowMs();
      const tags = name.trim() === '' ? {} : { tags: { Name: name.trim() } };
      const input = { expiresInSeconds: Number(lifetime), usesMax, ...tags };
      onMade({ output: await landfall('CreateEnrolmentToken', input), usesMax, madeAtMs });
    },
  });
  return (
    <Container header={<Header variant="h2">{t('add.token.title')}</Header>}>
      <SpaceBetween size="m">
        <Box color="text-body-secondary">{t('add.token.text')}</Box>
        <ColumnLayout columns={3}>
          <FormField label={t('add.token.lifetime')}>
            <Select
              options={options}
              selectedOption={options.find(({ value }) => value === lifetime) ?? null}
              onChange={({ detail }) => setLifetime(detail.selectedOption.value ?? lifetime)}
            />
          </FormField>
          <FormField label={t('add.token.uses')} errorText={isRight ? undefined : t('add.token.usesWrong')}>
            <Input type="number" value={uses} onChange={({ detail }) => setUses(detail.value)} />
          </FormField>
          <FormField label={t('add.token.name')} description={t('add.token.nameNote')}>
            <Input value={name} onChange={({ detail }) => setName(detail.value)} />
          </FormField>
        </ColumnLayout>
        <Button
          variant={made === undefined ? 'primary' : 'normal'}
          disabled={!isRight}
          loading={make.isBusy}
          loadingText={t('common.loading')}
          onClick={make.run}
        >
          {made === undefined ? t('add.token.create') : t('add.token.again')}
        </Button>
        {made !== undefined && <Command made={made} />}
      </SpaceBetween>
    </Container>
  );
}

function Command({ made }: { readonly made: MadeToken }): ReactNode {
  const { t, formats } = useI18n();
  const { installCommand, expiresDateTime } = made.output;
  return (
    <SpaceBetween size="xs">
      <Box variant="h3">{t('add.token.command')}</Box>
      <div data-testid="install-command">
        <CopyText isCommand text={installCommand} />
      </div>
      <Box color="text-body-secondary" fontSize="body-s">
        {t('add.token.ends', { time: formats.dateTime(expiresDateTime), count: made.usesMax })}
      </Box>
    </SpaceBetween>
  );
}
