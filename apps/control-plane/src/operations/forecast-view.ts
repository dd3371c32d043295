/** What an agent forecasts and measures, in the API's words: what is not known is absent instead of null. */
import type { Landfall } from '@landfall/api';
import type { SourceImpact } from '@landfall/channel';
import type { Forecast } from '@landfall/model';

export function showForecast(forecast: Forecast | undefined): Landfall.Forecast | undefined {
  if (forecast === undefined) return undefined;
  const { verdict, bytesToGo, capacities, explanation } = forecast;
  return {
    ...{ verdict, bytesToGo, capacities, explanation },
    etaP50Ms: forecast.etaP50Ms ?? undefined,
    etaP90Ms: forecast.etaP90Ms ?? undefined,
    bottleneck: forecast.bottleneck ?? undefined,
    churnBytesPerSecond: forecast.churnBytesPerSecond ?? undefined,
    neededSeconds: forecast.neededSeconds ?? undefined,
  };
}

export function showImpact(impact: SourceImpact | undefined): Landfall.SourceImpact | undefined {
  if (impact === undefined) return undefined;
  const { budgetPercent, increasePercent, level } = impact;
  return { budgetPercent, increasePercent: increasePercent ?? undefined, level };
}
