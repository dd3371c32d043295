/** Limits of bandwidth as a person edits them, and what the service is told of it. Pure. */
import type { Landfall } from '@landfall/api/types';
import { BANDWIDTH_WINDOWS_MAX, WEEKDAYS } from '@landfall/model';
import { parseBandwidth } from '../../templates/template-values.ts';

export interface WindowDraft {
  readonly id: string;
  readonly days: readonly Landfall.Weekday[];
  /** `HH:MM` */
  readonly from: string;
  readonly to: string;
  readonly mbps: string;
}

export interface LimitsDraft {
  /** The server's own cap, outside of every window. */
  readonly mbps: string;
  /** By which reads may lengthen writes of the source; empty: the agent's own budget. */
  readonly impactPercent: string;
  readonly timeZone: string;
  readonly windows: readonly WindowDraft[];
}

export function draftOf(limits: Landfall.ReplicationLimits, timeZone: string): LimitsDraft {
  const { bandwidthMbps, bandwidthSchedule, impactBudgetPercent } = limits;
  return {
    mbps: String(bandwidthMbps),
    impactPercent: impactBudgetPercent === undefined ? '' : String(impactBudgetPercent),
    timeZone: bandwidthSchedule?.timeZone ?? timeZone,
    windows: (bandwidthSchedule?.windows ?? []).map(({ days, from, to, mbps }, index) => ({
      id: `known-${index}`,
      days,
      from,
      to,
      mbps: String(mbps),
    })),
  };
}

/** Working hours, as a beginning. */
export function newWindow(id: string): WindowDraft {
  return { id, days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], from: '08:00', to: '18:00', mbps: '50' };
}

export function withWindow(draft: LimitsDraft, id: string, change: Partial<WindowDraft>): LimitsDraft {
  const windows = draft.windows.map((window) => (window.id === id ? { ...window, ...change } : window));
  return { ...draft, windows };
}

export function withoutWindow(draft: LimitsDraft, id: string): LimitsDraft {
  return { ...draft, windows: draft.windows.filter((window) => window.id !== id) };
}

export const WINDOW_FAULTS = ['days', 'from', 'to', 'mbps'] as const;
export type WindowFault = (typeof WINDOW_FAULTS)[number];
export type LimitsFault = 'mbps' | 'impactPercent' | 'timeZone' | 'windows' | 'windowCount';

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const PERCENT_MAX = 100;

export function windowFaults({ days, from, to, mbps }: WindowDraft): readonly WindowFault[] {
  const isWrong: Readonly<Record<WindowFault, boolean>> = {
    days: days.length === 0,
    from: !TIME.test(from),
    to: !TIME.test(to),
    mbps: parseBandwidth(mbps) === undefined,
  };
  return WINDOW_FAULTS.filter((fault) => isWrong[fault]);
}

export function limitsFaults(draft: LimitsDraft): readonly LimitsFault[] {
  return [
    ...(parseBandwidth(draft.mbps) === undefined ? (['mbps'] as const) : []),
    ...(isPercent(draft.impactPercent) ? [] : (['impactPercent'] as const)),
    ...(draft.windows.length > 0 && !isTimeZone(draft.timeZone) ? (['timeZone'] as const) : []),
    ...(draft.windows.some((window) => windowFaults(window).length > 0) ? (['windows'] as const) : []),
    ...(draft.windows.length > BANDWIDTH_WINDOWS_MAX ? (['windowCount'] as const) : []),
  ];
}

function isPercent(text: string): boolean {
  return text === '' || (/^\d{1,3}$/.test(text) && Number(text) <= PERCENT_MAX);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** For UpdateReplicationLimits; what is absent stays. */
export type LimitsChange = Pick<
  Landfall.UpdateReplicationLimitsRequest,
  'bandwidthMbps' | 'bandwidthSchedule' | 'impactBudgetPercent'
>;

/** Only what differs: two people who change different things do not undo each other. */
export function limitsChange(known: Landfall.ReplicationLimits, draft: LimitsDraft): LimitsChange {
  const mbps = parseBandwidth(draft.mbps);
  const bandwidthSchedule = scheduleOf(draft);
  const before = known.bandwidthSchedule ?? { timeZone: draft.timeZone, windows: [] };
  const hasNewSchedule = JSON.stringify(ordered(before)) !== JSON.stringify(bandwidthSchedule);
  const percent = draft.impactPercent === '' ? undefined : Number(draft.impactPercent);
  const hasNewBudget = percent !== undefined && percent !== known.impactBudgetPercent;
  return {
    ...(mbps === undefined || mbps === known.bandwidthMbps ? {} : { bandwidthMbps: mbps }),
    ...(hasNewSchedule ? { bandwidthSchedule } : {}),
    ...(hasNewBudget ? { impactBudgetPercent: percent } : {}),
  };
}

function scheduleOf({ timeZone, windows }: LimitsDraft): Landfall.BandwidthSchedule {
  return ordered({
    timeZone,
    windows: windows.map(({ days, from, to, mbps }) => ({ days, from, to, mbps: parseBandwidth(mbps) ?? 0 })),
  });
}

/** With members and days in one order, so that equal ones look alike. */
function ordered({ timeZone, windows }: Landfall.BandwidthSchedule): Landfall.BandwidthSchedule {
  return {
    timeZone,
    windows: windows.map(({ days, from, to, mbps }) => ({
      days: WEEKDAYS.filter((day) => days.includes(day)),
      from,
      to,
      mbps,
    })),
  };
}
