/** The forecast of a sender that is at work, from what it measured so far. */
import type { Churn } from '@landfall/capture';
import type { DataReplicationState, Forecast } from '@landfall/model';
import { seededRandom } from '@landfall/runtime';
import type { SenderLimits } from '../sender/sender-options.ts';
import type { SenderState } from '../sender/sender-state.ts';
import { makeForecast } from './forecast.ts';

/** Resampling costs some tens of milliseconds. */
const REMADE_AFTER_MS = 10_000;
/** The same measurements give the same forecast. */
const SEED = 1;

export class SenderForecast {
  readonly #churn: () => Churn;
  #made:
    | { readonly forecast: Forecast; readonly atMs: number; readonly phase: DataReplicationState }
    | undefined;

  constructor(churn: () => Churn) {
    this.#churn = churn;
  }

  /** `undefined` while nothing is being transferred. */
  of(state: SenderState, limits: SenderLimits, phase: DataReplicationState): Forecast | undefined {
    const { nowMs } = state;
    const made = this.#made;
    const isFresh = made !== undefined && made.phase === phase && nowMs - made.atMs < REMADE_AFTER_MS;
    if (isFresh) return made.forecast;
    const forecast = this.#make(state, limits, phase);
    this.#made = forecast === undefined ? undefined : { forecast, atMs: nowMs, phase };
    return forecast;
  }

  #make(state: SenderState, limits: SenderLimits, phase: DataReplicationState): Forecast | undefined {
    if (phase === 'CONTINUOUS') return caughtUp(state.dirtyBytes);
    if (phase !== 'INITIAL_SYNC' && phase !== 'RESCAN' && phase !== 'BACKLOG') return undefined;
    const { stages } = state;
    const { windows, places } = this.#churn();
    const measured = {
      bytesToGo: state.dirtyBytes,
      totalBytes: state.source.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      settledBytes: limits.cutDirtyBytesMax,
      batchBytes: limits.bulkBytes,
      toGoLies: phase === 'BACKLOG' ? 'WHERE_CHANGED' : 'FROM_END',
      stages: [{ stage: stages.bottleneck, bytesPerSecond: stages.bytesPerSecond }],
      sampleSeconds: stages.sampleSeconds,
      unmeasured: [],
      churn: windows,
      churnPlaces: places,
    } as const;
    return makeForecast(measured, seededRandom(SEED));
  }
}

function caughtUp(bytesToGo: number): Forecast {
  return {
    ...{ verdict: 'CAUGHT_UP', bytesToGo, etaP50Ms: 0, etaP90Ms: 0, bottleneck: null, capacities: [] },
    ...{ churnBytesPerSecond: null, neededSeconds: null, explanation: 'caught up: recovery points come' },
  };
}
