/** Lifecycle of a source server. Names: public MGN API, LifeCycleState. */
export const LIFE_CYCLE_STATES = [
  'STOPPED',
  'NOT_READY',
  'READY_FOR_TEST',
  'TESTING',
  'READY_FOR_CUTOVER',
  'CUTTING_OVER',
  'CUTOVER',
  'DISCONNECTED',
  'DISCOVERED',
  'PENDING_INSTALLATION',
] as const;
export type LifeCycleState = (typeof LIFE_CYCLE_STATES)[number];
