/**
 * Conversion from beginning to end, in one throw-away appliance: attach the disks, inspect, plan, apply,
 * shut down; then virt-v2v, where the method is that. It may be ended at any moment: the disks are overlays,
 * and a conversion that did not return is begun again on fresh ones. When it returns, everything is on the
 * overlays' files (the caller makes those durable).
 *
 * Ours comes before virt-v2v: that cannot mount what is named by hardware it does not see, and does not keep
 * names and addresses of interfaces.
 */
import { type Clock, systemClock } from '@landfall/runtime';
import { type Appliance, type ApplianceRequest, withAppliance } from '../appliance/guestfs-appliance.ts';
import { watchSpace } from '../appliance/guestfs-space.ts';
import { bootModeOf, type ForeignSystem, type GuestInspection, isForeign } from '../guest/inspection.ts';
import { inspectGuest } from '../inspect/guestfs-inspect.ts';
import type { KeptAddress } from '../network/network-address.ts';
import { needsGivenAddress } from '../network/plan-network.ts';
import { type ConversionMethod, type ConversionTool, chooseTool } from '../plan/conversion-method.ts';
import { type ConversionTarget, planConversion } from '../plan/plan.ts';
import { planGuestScripts } from '../plan/plan-guest-scripts.ts';
import { HARDWARE_NAMES, type TargetHardware } from '../plan/target-hardware.ts';
import { hasVirtV2v, runVirtV2v } from '../virt-v2v/guestfs-virt-v2v.ts';
import { applyStep } from './guestfs-apply.ts';

export interface ConversionRequest extends ApplianceRequest {
  readonly target: ConversionTarget;
  /**
   * Asked only for a guest that cannot ask by DHCP; what it answers is written into the guest. `undefined`:
   * the machine's network gives none that is known.
   */
  readonly giveAddress?: () => Promise<KeptAddress | undefined>;
  /** AUTOMATIC without it. */
  readonly method?: ConversionMethod;
  readonly virtV2vTimeoutMs?: number;
  /** The guest is made ready to run scripts at its first boot; they come with the machine (`scriptsDisk`). */
  readonly runsScripts?: boolean;
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
  /** What the machine needs. */
  readonly hardware: TargetHardware;
  /** Of those that were given it, the one with its prefix length that the guest has now. */
  readonly givenAddress?: string;
  /** Why the guest cannot run the scripts. */
  readonly scriptsImpossible?: string;
}

/**
 * Errors: CONVERSION_IMPOSSIBLE, LAUNCH_ADDRESS_INVALID, APPLIANCE_FAILED, INITRAMFS_UNREADABLE,
 * OVERLAY_NO_SPACE, VIRT_V2V_FAILED, TOOL_MISSING.
 */
export async function convertGuest(request: ConversionRequest): Promise<ConversionResult> {
  const timeline = new StepTimeline(request);
  return await watchSpace(request, async (signal) => {
    const watched = { ...request, signal };
    const ours = await withAppliance(watched, (appliance) => convertIn(appliance, timeline, watched));
    if (ours.tool === 'LANDFALL') return { ...ours.result, steps: timeline.steps };
    const found = await convertDeeply(watched, timeline);
    const hardware = request.target.hardware ?? found;
    timeline.finish('Hardware', `virt-v2v made it ready for ${HARDWARE_NAMES[found]}`);
    return { ...ours.result, hardware, steps: timeline.steps };
  });
}

interface OurPart {
  readonly tool: ConversionTool;
  readonly result: Omit<ConversionResult, 'steps'>;
}

async function convertIn(
  appliance: Appliance,
  timeline: StepTimeline,
  request: ConversionRequest,
): Promise<OurPart> {
  const { target, method = 'AUTOMATIC', disks } = request;
  timeline.finish('Appliance', `started with ${disks.length} disk(s)`);
  const found = await inspectGuest({ ...appliance, disks });
  timeline.finish('Inspection', describeGuest(found));
  const tool = await toolFor(found, method, target);
  const { runsScripts = false } = request;
  const given = isForeign(found) ? undefined : await giveAddress(found, request, timeline);
  const hardware = isForeign(found)
    ? leaveForeign(found, target, timeline)
    : await carryOut(appliance, found, { target: { ...target, ...given }, tool, timeline });
  const impossible = isForeign(found)
    ? noScripts(runsScripts, timeline)
    : await installRunner(appliance, timeline, found, runsScripts);
  await appliance.session.finish();
  timeline.finish('Appliance', 'everything written; shut down');
  const prettyName = isForeign(found) ? found.prettyName : found.os.prettyName;
  const givenAddress = given === undefined ? {} : { givenAddress: given.given.address };
  const result = { prettyName, bootMode: bootModeOf(found), hardware, ...givenAddress };
  return { tool, result: impossible === undefined ? result : { ...result, scriptsImpossible: impossible } };
}

/** Most guests need no look at whether virt-v2v is there. */
async function toolFor(
  found: GuestInspection | ForeignSystem,
  method: ConversionMethod,
  { hardware }: ConversionTarget,
): Promise<ConversionTool> {
  const choice = { method, ...(hardware === undefined ? {} : { hardware }) };
  const wanted = chooseTool(found, { ...choice, hasVirtV2v: true });
  if (wanted === 'LANDFALL' || method === 'VIRT_V2V' || (await hasVirtV2v())) return wanted;
  return chooseTool(found, { ...choice, hasVirtV2v: false });
}

/** Without virt-v2v, a system that is not Linux runs on what it most likely knows. */
function leaveForeign(
  { prettyName }: ForeignSystem,
  target: ConversionTarget,
  timeline: StepTimeline,
): TargetHardware {
  const hardware = target.hardware ?? 'COMPATIBLE';
  timeline.finish('Note', `${prettyName}: nothing of ours is changed in it`);
  return hardware;
}

/** So that nothing is kept in a network for a guest that asks for itself. */
async function giveAddress(
  found: GuestInspection,
  { target, giveAddress: ask }: ConversionRequest,
  timeline: StepTimeline,
): Promise<{ readonly given: KeptAddress } | undefined> {
  if (ask === undefined || !needsGivenAddress(found, target)) return undefined;
  const given = await ask();
  if (given === undefined) return undefined;
  timeline.finish('Address', `${given.address} is kept for the machine, whose guest cannot ask for one`);
  return { given };
}

async function carryOut(
  appliance: Appliance,
  inspection: GuestInspection,
  context: { target: ConversionTarget; tool: ConversionTool; timeline: StepTimeline },
): Promise<TargetHardware> {
  const { target, tool, timeline } = context;
  const plan = planConversion(inspection, target, tool);
  for (const { what } of plan.notes) timeline.finish('Note', what);
  for (const step of plan.steps) {
    await applyStep(appliance, step);
    timeline.finish(step.title, step.detail);
  }
  return plan.hardware;
}

async function convertDeeply(request: ConversionRequest, timeline: StepTimeline): Promise<TargetHardware> {
  // The timeout of the appliance is not that of virt-v2v.
  const { virtV2vTimeoutMs, timeoutMs: _ours, ...rest } = request;
  timeline.finish('virt-v2v', 'started');
  const hardware = await runVirtV2v({
    ...rest,
    ...(virtV2vTimeoutMs === undefined ? {} : { timeoutMs: virtV2vTimeoutMs }),
    onMessage: ({ type, text }) => {
      timeline.finish('virt-v2v', type === 'message' || type === 'info' ? text : `${type}: ${text}`);
    },
  });
  timeline.finish('virt-v2v', 'ended well');
  return hardware;
}

function noScripts(runsScripts: boolean, timeline: StepTimeline): string | undefined {
  if (!runsScripts) return undefined;
  const impossible = 'only Linux guests run scripts at their first boot';
  timeline.finish('Post-launch scripts', impossible);
  return impossible;
}

/** Answers why the guest cannot run scripts, if it cannot. */
async function installRunner(
  appliance: Appliance,
  timeline: StepTimeline,
  inspection: GuestInspection,
  runsScripts: boolean,
): Promise<string | undefined> {
  const { steps, impossible } = planGuestScripts(inspection, runsScripts);
  for (const step of steps) await applyStep(appliance, step);
  const ready = 'the guest runs those of its machine at the first boot';
  if (runsScripts) timeline.finish('Post-launch scripts', impossible ?? ready);
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

function describeGuest(found: GuestInspection | ForeignSystem): string {
  if (isForeign(found)) return found.prettyName;
  const kernels = found.kernels.map((kernel) => kernel.version).join(', ') || 'none found';
  const { os, root } = found;
  return `${os.prettyName}; root ${root.type} on ${root.device}; kernels ${kernels}`;
}
