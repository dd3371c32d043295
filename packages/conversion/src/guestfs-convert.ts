/**
 * Conversion from beginning to end, in one throw-away appliance: attach the disks, inspect, plan, apply, shut
 * down. It may be ended at any moment: the disks are overlays, and a conversion that did not return is begun
 * again on fresh ones. When it returns, everything is on the overlays' files (the caller makes those
 * durable).
 */
import { type Clock, systemClock } from '@landfall/runtime';
import { type Appliance, type ApplianceRequest, withAppliance } from './guestfs-appliance.ts';
import { applyStep } from './guestfs-apply.ts';
import { inspectGuest } from './guestfs-inspect.ts';
import { bootModeOf, type GuestInspection } from './inspection.ts';
import { type ConversionTarget, planConversion } from './plan.ts';
import { planGuestScripts } from './plan-guest-scripts.ts';
import type { GuestScript } from './post-launch-runner.ts';

export interface ConversionRequest extends ApplianceRequest {
  readonly target: ConversionTarget;
  /** Run by the guest at its first boot, in this order. */
  readonly scripts?: readonly GuestScript[];
  /** Called after each step, in order. */
  readonly onStep?: (step: FinishedStep) => void;
}

export interface FinishedStep {
  readonly step: string;
  /** What was before, and what is after. */
  readonly detail: string;
  readonly durationMs: number;
}

export interface ConversionResult {
  readonly steps: readonly FinishedStep[];
  readonly prettyName: string;
  readonly bootMode: 'LEGACY_BIOS' | 'UEFI';
  /** Why the guest cannot run the scripts. */
  readonly scriptsImpossible?: string;
}

/** Errors: CONVERSION_IMPOSSIBLE, APPLIANCE_FAILED, INITRAMFS_UNREADABLE, TOOL_MISSING. */
export async function convertGuest(request: ConversionRequest): Promise<ConversionResult> {
  const timeline = new StepTimeline(request);
  return await withAppliance(request, (appliance) => convertIn(appliance, timeline, request));
}

async function convertIn(
  appliance: Appliance,
  timeline: StepTimeline,
  request: ConversionRequest,
): Promise<ConversionResult> {
  timeline.finish('Appliance', `started with ${request.disks.length} disk(s)`);
  const inspection = await inspectGuest({ ...appliance, disks: request.disks });
  timeline.finish('Inspection', describeGuest(inspection));
  const plan = planConversion(inspection, request.target);
  for (const { what } of plan.notes) timeline.finish('Note', what);
  for (const step of plan.steps) {
    await applyStep(appliance, step);
    timeline.finish(step.title, step.detail);
  }
  const impossible = await installScripts(appliance, timeline, inspection, request.scripts ?? []);
  await appliance.session.finish();
  timeline.finish('Appliance', 'everything written; shut down');
  return {
    steps: timeline.steps,
    prettyName: inspection.os.prettyName,
    bootMode: bootModeOf(inspection),
    ...(impossible === undefined ? {} : { scriptsImpossible: impossible }),
  };
}

/** Answers why the guest cannot run them, if it cannot. */
async function installScripts(
  appliance: Appliance,
  timeline: StepTimeline,
  inspection: GuestInspection,
  scripts: readonly GuestScript[],
): Promise<string | undefined> {
  const { steps, impossible } = planGuestScripts(inspection, scripts);
  for (const step of steps) await applyStep(appliance, step);
  const names = scripts.map(({ actionId, name }) => `${actionId} ${JSON.stringify(name)}`).join(', ');
  if (scripts.length > 0) timeline.finish('Post-launch scripts', impossible ?? `the guest runs ${names}`);
  return impossible;
}

class StepTimeline {
  readonly steps: FinishedStep[] = [];
  readonly #request: ConversionRequest;
  readonly #clock: Clock;
  #lastNs: bigint;

  constructor(request: ConversionRequest) {
    this.#request = request;
    this.#clock = request.clock ?? systemClock;
    this.#lastNs = this.#clock.monotonicNs();
  }

  finish(step: string, detail: string): void {
    const nowNs = this.#clock.monotonicNs();
    const finished = { step, detail, durationMs: Number((nowNs - this.#lastNs) / 1_000_000n) };
    this.#lastNs = nowNs;
    this.steps.push(finished);
    this.#request.logger.info('conversion-step', finished);
    this.#request.onStep?.(finished);
  }
}

function describeGuest(inspection: GuestInspection): string {
  const kernels = inspection.kernels.map((kernel) => kernel.version).join(', ');
  const { os, root } = inspection;
  return `${os.prettyName}; root ${root.type} on ${root.device}; kernels ${kernels}`;
}
