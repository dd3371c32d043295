/** The lifecycle as the way of one server: what lies behind it, where it is, what comes. Pure. */
import type { Mgn } from '@landfall/api/types';

export const PATH = [
  'NOT_READY',
  'READY_FOR_TEST',
  'TESTING',
  'READY_FOR_CUTOVER',
  'CUTTING_OVER',
  'CUTOVER',
] as const satisfies readonly Mgn.LifeCycleState[];

export interface PathStep {
  readonly state: Mgn.LifeCycleState;
  readonly status: 'DONE' | 'HERE' | 'AHEAD' | 'STOPPED';
}

/** States beside the way (stopped, disconnected, …) stand first, with the whole way ahead. */
export function pathOf(state: Mgn.LifeCycleState): readonly PathStep[] {
  const at = (PATH as readonly Mgn.LifeCycleState[]).indexOf(state);
  if (at < 0) {
    const aside: PathStep = { state, status: 'STOPPED' };
    return [aside, ...PATH.map((one): PathStep => ({ state: one, status: 'AHEAD' }))];
  }
  return PATH.map((one, index): PathStep => {
    if (index < at || (one === 'CUTOVER' && index === at)) return { state: one, status: 'DONE' };
    return { state: one, status: index === at ? 'HERE' : 'AHEAD' };
  });
}
