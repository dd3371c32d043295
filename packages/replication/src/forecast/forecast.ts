/**
 * The forecast of a transfer, from measurements alone. Pure; random numbers come from outside.
 *
 * F1 with fewer than SAMPLES_MIN samples of anything it rests on, nothing is said but how long to go on
 *    measuring.
 * F2 a number of time is given only when the share of futures it speaks of catches up at all.
 * F3 rates are taken to go on as they were measured; what the rest of the disks holds, and what changes at
 *    another hour, no measurement of now can know.
 */
import type { Bottleneck, Forecast, ForecastVerdict, StageCapacity } from '@landfall/model';
import type { Random } from '@landfall/runtime';
import { explain, explainUnknown } from './explain.ts';
import {
  type ChurnSamples,
  type Measurements,
  PLACES,
  SAMPLES_MIN,
  type StageSamples,
} from './measurements.ts';
import { drawFuture, meanOf } from './resample.ts';
import { spreadToGo, transferSeconds } from './transfer.ts';

const FUTURES = 200;

export function makeForecast(measured: Measurements, random: Random): Forecast {
  const { bytesToGo, settledBytes, isLinkLeast = false } = measured;
  const capacities = measured.stages.filter(hasSamples).map(capacityOf);
  const slowest = slowestOf(capacities);
  const churn = churnFor(measured, slowest);
  const known = {
    bytesToGo,
    capacities,
    bottleneck: slowest?.stage ?? null,
    churnBytesPerSecond: churn === undefined || !hasSamples(churn) ? null : meanOf(churn.bytesPerSecond),
  };
  const needed = neededSeconds(measured, churn);
  if (needed !== 0 || churn === undefined || slowest === undefined) {
    return unknown(known, { needed, unmeasured: measured.unmeasured });
  }
  if (bytesToGo <= settledBytes && fits(slowest, known.churnBytesPerSecond)) return caughtUp(known);
  const seconds = futuresOf(measured, churn, random);
  const endless = seconds.filter((one) => !Number.isFinite(one)).length / FUTURES;
  const verdict = verdictOf(endless);
  const made = { ...known, verdict, etaP50Ms: rankMs(seconds, 0.5), etaP90Ms: rankMs(seconds, 0.9) };
  return { ...made, neededSeconds: null, explanation: explain({ ...made, slowest, endless, isLinkLeast }) };
}

type Known = Pick<Forecast, 'bytesToGo' | 'capacities' | 'bottleneck' | 'churnBytesPerSecond'>;

function unknown(
  known: Known,
  why: { readonly needed: number | null; readonly unmeasured: readonly Bottleneck[] },
): Forecast {
  const times = { etaP50Ms: null, etaP90Ms: null };
  const neededSeconds = why.needed;
  const explanation = explainUnknown(neededSeconds, why.unmeasured);
  return { ...known, verdict: 'NOT_KNOWN', ...times, bottleneck: null, neededSeconds, explanation };
}

function caughtUp(known: Known): Forecast {
  const explanation = 'caught up: recovery points come';
  return { ...known, verdict: 'CAUGHT_UP', etaP50Ms: 0, etaP90Ms: 0, neededSeconds: null, explanation };
}

function fits(slowest: StageCapacity, churn: number | null): boolean {
  return churn !== null && churn < slowest.bytesPerSecond;
}

/** Seconds of each future, least first. */
function futuresOf(measured: Measurements, churn: ChurnSamples, random: Random): readonly number[] {
  const { bytesToGo, settledBytes, totalBytes, toGoLies, stages } = measured;
  const churnPlaces = measured.churnPlaces.length === PLACES ? measured.churnPlaces : EVENLY;
  const bytes = Math.max(0, bytesToGo - settledBytes);
  const toGo = spreadToGo({ bytes, totalBytes, lies: toGoLies, churnPlaces });
  const limiting = stages.filter(hasSamples);
  return Array.from({ length: FUTURES }, () =>
    transferSeconds({
      stages: limiting.map(({ bytesPerSecond }) => drawFuture(bytesPerSecond, random)),
      churn: drawFuture(churn.bytesPerSecond, random),
      toGo,
      churnPlaces,
    }),
  ).sort((left, right) => left - right);
}

const EVENLY: readonly number[] = Array.from({ length: PLACES }, () => 1 / PLACES);

/** What changes again while a batch is under way is sent once for each batch: the window nearest below it. */
function churnFor({ churn, batchBytes }: Measurements, slowest: StageCapacity | undefined) {
  const batchMs = slowest === undefined ? 0 : (batchBytes / Math.max(1, slowest.bytesPerSecond)) * 1000;
  const usable = churn.filter(({ windowMs, bytesPerSecond }) => {
    return windowMs <= batchMs && bytesPerSecond.length >= SAMPLES_MIN;
  });
  const shortest = churn.find(({ windowMs }) => windowMs === 0) ?? churn[0];
  return usable.toSorted((left, right) => left.windowMs - right.windowMs).at(-1) ?? shortest;
}

/** 0: enough was measured. null: something that decides is not measured at all. */
function neededSeconds(measured: Measurements, churn: ChurnSamples | undefined): number | null {
  const { stages, unmeasured } = measured;
  if (churn === undefined || stages.length === 0 || unmeasured.length > 0) return null;
  const missing = ({ bytesPerSecond }: { readonly bytesPerSecond: readonly number[] }) =>
    Math.max(0, SAMPLES_MIN - bytesPerSecond.length);
  const stageSamples = Math.max(...stages.map(missing));
  const churnSeconds = missing(churn) * Math.max(1, churn.windowMs / 1000);
  return Math.ceil(Math.max(stageSamples * measured.sampleSeconds, churnSeconds));
}

function hasSamples({ bytesPerSecond }: { readonly bytesPerSecond: readonly number[] }): boolean {
  return bytesPerSecond.length > 0;
}

function capacityOf({ stage, bytesPerSecond }: StageSamples): StageCapacity {
  return { stage, bytesPerSecond: meanOf(bytesPerSecond) };
}

function slowestOf(capacities: readonly StageCapacity[]): StageCapacity | undefined {
  const slower = (left: StageCapacity, right: StageCapacity) =>
    right.bytesPerSecond < left.bytesPerSecond ? right : left;
  return capacities.length === 0 ? undefined : capacities.reduce(slower);
}

function verdictOf(endless: number): ForecastVerdict {
  if (endless > 0.5) return 'DOES_NOT_CONVERGE';
  return endless > 0.1 ? 'MAY_NOT_CONVERGE' : 'CONVERGES';
}

/** F2. */
function rankMs(seconds: readonly number[], share: number): number | null {
  const at = seconds[Math.min(seconds.length - 1, Math.ceil(seconds.length * share) - 1)];
  return at === undefined || !Number.isFinite(at) ? null : Math.round(at * 1000);
}
