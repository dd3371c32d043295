/**
 * The lifecycle of a source server, pure: what each event does in each state. Rules: public MGN API and its
 * guide.
 *
 * L1 The table is complete: the compiler refuses a state or an event without its answer.
 * L2 A refusal changes nothing and says why in words a person can act on.
 * L3 Nothing leads out of CUTOVER except archiving and deleting, which keep the state.
 */
import type { LifeCycleState } from '@landfall/model';

export const LIFE_CYCLE_EVENTS = [
  'FIRST_RECOVERY_POINT',
  'START_TEST',
  'START_CUTOVER',
  'SET_READY_FOR_TEST',
  'SET_READY_FOR_CUTOVER',
  'SET_CUTOVER',
  'FINALIZE_CUTOVER',
  'DISCONNECT',
  'STOP_REPLICATION',
  'START_REPLICATION',
  'ARCHIVE',
  'DELETE',
  'TERMINATE',
] as const;
export type LifeCycleEvent = (typeof LIFE_CYCLE_EVENTS)[number];

/** A test or cutover as the API reports it: when it was begun, taken back, or made final. */
export interface Milestone {
  readonly initiated?: { readonly atMs: number; readonly jobId?: string };
  readonly revertedAtMs?: number;
  readonly finalizedAtMs?: number;
}

export interface LifeCycle {
  readonly state: LifeCycleState;
  readonly lastTest?: Milestone;
  readonly lastCutover?: Milestone;
}

type Mark =
  | 'TEST_INITIATED'
  | 'TEST_REVERTED'
  | 'TEST_FINALIZED'
  | 'CUTOVER_INITIATED'
  | 'CUTOVER_REVERTED'
  | 'CUTOVER_FINALIZED';
type Accepted = { readonly to: LifeCycleState; readonly marks?: readonly Mark[] };
type Refused = { readonly refused: string };
export type Answer = Accepted | Refused;

const to = (state: LifeCycleState, ...marks: Mark[]): Answer => ({ to: state, marks });
const no = (refused: string): Answer => ({ refused });

const NO_TEST_YET = no('it has no recovery point to launch from yet; wait until it is READY_FOR_TEST');
const AFTER_CUTOVER = no('its cutover is final; install the agent again to migrate it once more');
const AFTER_DISCONNECT = no('it was disconnected; install the agent again to replicate it once more');
const NOT_REPLICATING = no('its replication is stopped; start it again first');
const NO_AGENT = no('no agent is installed on it; install the agent first');
const NOT_CUTTING_OVER = no('a cutover is finalized from CUTTING_OVER; start a cutover first');
const STILL_ACTIVE = no('disconnect it or finalize its cutover first');
const KEEPS_MACHINE = no('change its lifecycle state back first, then terminate the launched machine');
const NO_MACHINE = no('no machine was launched from it');
const REVERT_FIRST = no('revert its cutover first, by setting it to READY_FOR_CUTOVER');
const CUTOVER_BY_FINALIZE = no(
  'a server becomes CUTOVER by finalizing its cutover, or after it was disconnected',
);

type Row = Readonly<Record<LifeCycleEvent, Answer>>;

/** Before the first launchable point: nothing can be launched, everything can be given up. */
function idle(state: LifeCycleState, why: Answer, changes: Partial<Row> = {}): Row {
  return {
    FIRST_RECOVERY_POINT: to(state),
    START_TEST: why,
    START_CUTOVER: why,
    SET_READY_FOR_TEST: why,
    SET_READY_FOR_CUTOVER: why,
    SET_CUTOVER: CUTOVER_BY_FINALIZE,
    FINALIZE_CUTOVER: NOT_CUTTING_OVER,
    DISCONNECT: to('DISCONNECTED'),
    STOP_REPLICATION: to('STOPPED'),
    START_REPLICATION: no('its replication is not stopped'),
    ARCHIVE: STILL_ACTIVE,
    DELETE: STILL_ACTIVE,
    TERMINATE: NO_MACHINE,
    ...changes,
  };
}

/** Launchable: tests and cutovers may be started and taken back. */
function active(state: LifeCycleState, changes: Partial<Row>): Row {
  return idle(state, NO_TEST_YET, {
    START_TEST: to('TESTING', 'TEST_INITIATED'),
    START_CUTOVER: to('CUTTING_OVER', 'CUTOVER_INITIATED'),
    ...changes,
  });
}

const TRANSITIONS = {
  NOT_READY: idle('NOT_READY', NO_TEST_YET, { FIRST_RECOVERY_POINT: to('READY_FOR_TEST') }),
  STOPPED: idle('STOPPED', NOT_REPLICATING, {
    STOP_REPLICATION: no('its replication is already stopped'),
    START_REPLICATION: to('NOT_READY'),
    DELETE: to('STOPPED'),
    TERMINATE: to('STOPPED'),
  }),
  PENDING_INSTALLATION: idle('PENDING_INSTALLATION', NO_AGENT, {
    DISCONNECT: no('no agent is installed on it, so there is nothing to disconnect; delete it instead'),
    START_REPLICATION: NO_AGENT,
    STOP_REPLICATION: NO_AGENT,
    DELETE: to('PENDING_INSTALLATION'),
  }),
  DISCOVERED: idle('DISCOVERED', NO_AGENT, {
    STOP_REPLICATION: NO_AGENT,
    START_REPLICATION: to('NOT_READY'),
    DELETE: to('DISCOVERED'),
  }),
  READY_FOR_TEST: active('READY_FOR_TEST', {
    SET_READY_FOR_TEST: to('READY_FOR_TEST'),
    SET_READY_FOR_CUTOVER: to('READY_FOR_CUTOVER'),
    TERMINATE: to('READY_FOR_TEST'),
  }),
  TESTING: active('TESTING', {
    START_CUTOVER: no('finish its test first, by setting it to READY_FOR_CUTOVER'),
    SET_READY_FOR_TEST: to('READY_FOR_TEST', 'TEST_REVERTED'),
    SET_READY_FOR_CUTOVER: to('READY_FOR_CUTOVER', 'TEST_FINALIZED'),
    TERMINATE: KEEPS_MACHINE,
  }),
  READY_FOR_CUTOVER: active('READY_FOR_CUTOVER', {
    START_TEST: no('set it back to READY_FOR_TEST to test it again'),
    SET_READY_FOR_TEST: to('READY_FOR_TEST', 'TEST_REVERTED'),
    SET_READY_FOR_CUTOVER: to('READY_FOR_CUTOVER'),
    TERMINATE: to('READY_FOR_CUTOVER'),
  }),
  CUTTING_OVER: active('CUTTING_OVER', {
    START_TEST: REVERT_FIRST,
    SET_READY_FOR_TEST: REVERT_FIRST,
    SET_READY_FOR_CUTOVER: to('READY_FOR_CUTOVER', 'CUTOVER_REVERTED'),
    FINALIZE_CUTOVER: to('CUTOVER', 'CUTOVER_FINALIZED'),
    TERMINATE: KEEPS_MACHINE,
  }),
  CUTOVER: idle('CUTOVER', AFTER_CUTOVER, {
    SET_CUTOVER: to('CUTOVER'),
    FINALIZE_CUTOVER: AFTER_CUTOVER,
    DISCONNECT: to('CUTOVER'),
    STOP_REPLICATION: AFTER_CUTOVER,
    START_REPLICATION: AFTER_CUTOVER,
    ARCHIVE: to('CUTOVER'),
    DELETE: to('CUTOVER'),
    TERMINATE: no('the machine launched by a final cutover is kept; it is not ours to terminate'),
  }),
  DISCONNECTED: idle('DISCONNECTED', AFTER_DISCONNECT, {
    SET_CUTOVER: to('CUTOVER', 'CUTOVER_FINALIZED'),
    DISCONNECT: no('it is already disconnected'),
    STOP_REPLICATION: AFTER_DISCONNECT,
    START_REPLICATION: AFTER_DISCONNECT,
    ARCHIVE: to('DISCONNECTED'),
    DELETE: to('DISCONNECTED'),
    TERMINATE: to('DISCONNECTED'),
  }),
} as const satisfies Record<LifeCycleState, Row>;

export type Transition =
  | { readonly accepted: true; readonly lifeCycle: LifeCycle }
  | { readonly accepted: false; readonly why: string };

export interface EventFacts {
  readonly nowMs: number;
  readonly jobId?: string;
}

export function applyEvent(lifeCycle: LifeCycle, event: LifeCycleEvent, facts: EventFacts): Transition {
  const answer: Answer = TRANSITIONS[lifeCycle.state][event];
  if ('refused' in answer) return { accepted: false, why: answer.refused };
  const marked = (answer.marks ?? []).reduce((current, mark) => applyMark(current, mark, facts), lifeCycle);
  return { accepted: true, lifeCycle: { ...marked, state: answer.to } };
}

function applyMark(lifeCycle: LifeCycle, mark: Mark, { nowMs, jobId }: EventFacts): LifeCycle {
  const initiated = { atMs: nowMs, ...(jobId === undefined ? {} : { jobId }) };
  switch (mark) {
    case 'TEST_INITIATED':
      return { ...lifeCycle, lastTest: { initiated } };
    case 'TEST_REVERTED':
      return { ...lifeCycle, lastTest: { ...lifeCycle.lastTest, revertedAtMs: nowMs } };
    case 'TEST_FINALIZED':
      return { ...lifeCycle, lastTest: { ...lifeCycle.lastTest, finalizedAtMs: nowMs } };
    case 'CUTOVER_INITIATED':
      return { ...lifeCycle, lastCutover: { initiated } };
    case 'CUTOVER_REVERTED':
      return { ...lifeCycle, lastCutover: { ...lifeCycle.lastCutover, revertedAtMs: nowMs } };
    case 'CUTOVER_FINALIZED':
      return { ...lifeCycle, lastCutover: { ...lifeCycle.lastCutover, finalizedAtMs: nowMs } };
  }
}
