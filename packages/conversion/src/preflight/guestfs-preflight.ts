/**
 * A preflight from beginning to end, in one throw-away appliance on throw-away overlays: what a launch would
 * convert is inspected as a launch would, and then nothing is done.
 */
import type { PreflightResult } from '@landfall/model';
import { OperationError, systemClock } from '@landfall/runtime';
import { type Appliance, type ApplianceRequest, withAppliance } from '../appliance/guestfs-appliance.ts';
import { bootModeOf, type ForeignSystem, type GuestInspection, isForeign } from '../guest/inspection.ts';
import { readGuestFacts } from '../inspect/guestfs-facts.ts';
import { inspectGuest } from '../inspect/guestfs-inspect.ts';
import { examine, findingsOf, type PreflightTarget } from './findings.ts';
import { inventoryOf } from './inventory.ts';

export interface PreflightRequest extends ApplianceRequest {
  readonly target: PreflightTarget;
}

/** A guest that cannot be converted is an ordinary result. Errors: APPLIANCE_FAILED, TOOL_MISSING. */
export async function preflightGuest(request: PreflightRequest): Promise<PreflightResult> {
  const { clock = systemClock, target } = request;
  const startedNs = clock.monotonicNs();
  const examination = await withAppliance(request, async (appliance) => {
    const context = { ...appliance, disks: request.disks };
    const found = await inspectOrRefuse(appliance, request);
    const hasRoot = !(found instanceof OperationError) && !isForeign(found);
    const facts = await readGuestFacts(context, hasRoot ? found : undefined);
    return examine(facts, found, target);
  });
  const { inspection, foreign } = examination;
  const system = inspection ?? foreign;
  return {
    operatingSystem: inspection?.os.prettyName ?? foreign?.prettyName ?? 'unknown',
    ...(system === undefined ? {} : { bootMode: bootModeOf(system) }),
    facts: inventoryOf(examination),
    findings: findingsOf(examination, target),
    durationMs: Number((clock.monotonicNs() - startedNs) / 1_000_000n),
  };
}

async function inspectOrRefuse(
  appliance: Appliance,
  { disks }: PreflightRequest,
): Promise<GuestInspection | ForeignSystem | OperationError> {
  try {
    return await inspectGuest({ ...appliance, disks });
  } catch (error) {
    if (error instanceof OperationError && error.code === 'CONVERSION_IMPOSSIBLE') return error;
    throw error;
  }
}
