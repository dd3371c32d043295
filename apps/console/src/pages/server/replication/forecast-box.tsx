/** What will become of the transfer, as the agent's measurements tell it. */
import Alert, { type AlertProps } from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { InEnglish } from '../../../widgets/in-english.tsx';

const TYPE = {
  NOT_KNOWN: 'info',
  CAUGHT_UP: 'success',
  CONVERGES: 'success',
  MAY_NOT_CONVERGE: 'warning',
  DOES_NOT_CONVERGE: 'error',
} as const satisfies Record<Landfall.ForecastVerdict, AlertProps.Type>;

export function ForecastBox({ forecast }: { readonly forecast: Landfall.Forecast | undefined }): ReactNode {
  const { t } = useI18n();
  return (
    <Container header={<Header variant="h2">{t('replicationTab.forecast')}</Header>}>
      {forecast === undefined ? (
        <Box>{t('replicationTab.forecast.none')}</Box>
      ) : (
        <KnownForecast forecast={forecast} />
      )}
    </Container>
  );
}

function KnownForecast({ forecast }: { readonly forecast: Landfall.Forecast }): ReactNode {
  const { t, formats } = useI18n();
  const { verdict, explanation, neededSeconds, bottleneck, capacities } = forecast;
  const items = [
    { label: t('replicationTab.forecast.toGo'), value: formats.bytes(forecast.bytesToGo) },
    { label: t('replicationTab.forecast.p50'), value: formats.duration(forecast.etaP50Ms) },
    { label: t('replicationTab.forecast.p90'), value: formats.duration(forecast.etaP90Ms) },
    { label: t('replicationTab.forecast.churn'), value: formats.rate(forecast.churnBytesPerSecond) },
    {
      label: t('replicationTab.forecast.bottleneck'),
      value: bottleneck === undefined ? t('common.unknown') : t(`bottleneck.${bottleneck}`),
    },
    {
      label: t('replicationTab.forecast.capacities'),
      value: capacities.length === 0 ? t('common.unknown') : <Capacities capacities={capacities} />,
    },
  ];
  return (
    <SpaceBetween size="m">
      <Alert type={TYPE[verdict]} header={t(`verdict.${verdict}`)}>
        <InEnglish>{explanation}</InEnglish>
        {neededSeconds === undefined
          ? null
          : ` ${t('replicationTab.forecast.needed', { time: formats.duration(neededSeconds * 1000) })}`}
      </Alert>
      <KeyValuePairs columns={3} items={items} />
    </SpaceBetween>
  );
}

function Capacities({ capacities }: { readonly capacities: readonly Landfall.StageCapacity[] }): ReactNode {
  const { t, formats } = useI18n();
  return (
    <ul className="checklist">
      {capacities.map(({ stage, bytesPerSecond }) => (
        <li key={stage}>
          {t(`bottleneck.${stage}`)}: {formats.rate(bytesPerSecond)}
        </li>
      ))}
    </ul>
  );
}
