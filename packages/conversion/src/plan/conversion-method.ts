/**
 * Which tool makes a guest ready. Ours is done in seconds and changes only what is needed; virt-v2v knows
 * more: Windows, and the older systems of the RHEL and SUSE families with boot loaders and builders of their
 * own. It is taken where it is asked for, or where ours could give no virtio hardware and virt-v2v might.
 */
import { OperationError } from '@landfall/runtime';
import { type ForeignSystem, type GuestInspection, isForeign } from '../guest/inspection.ts';
import { planDrivers } from './plan-drivers.ts';
import type { TargetHardware } from './target-hardware.ts';

export type ConversionTool = 'LANDFALL' | 'VIRT_V2V';
/** AUTOMATIC: virt-v2v where ours does not apply. */
export type ConversionMethod = 'AUTOMATIC' | ConversionTool;

export interface MethodChoice {
  readonly method: ConversionMethod;
  /** It is installed on the launch host. */
  readonly hasVirtV2v: boolean;
  /** Absent: the best that the guest can use. */
  readonly hardware?: TargetHardware;
}

/** Families of which virt-v2v knows how each version builds its initial RAM filesystem. */
const DEEPLY_KNOWN = /^(rhel|centos|rocky|almalinux|ol|scientific|fedora|sles|sled|suse|opensuse.*)$/;

export function chooseTool(
  found: GuestInspection | ForeignSystem,
  { method, hasVirtV2v, hardware }: MethodChoice,
): ConversionTool {
  if (method !== 'AUTOMATIC') return method;
  if (!hasVirtV2v || hardware === 'COMPATIBLE') return 'LANDFALL';
  if (isForeign(found)) return found.family === 'WINDOWS' ? 'VIRT_V2V' : 'LANDFALL';
  return DEEPLY_KNOWN.test(found.os.id) && !canUseVirtio(found) ? 'VIRT_V2V' : 'LANDFALL';
}

function canUseVirtio(inspection: GuestInspection): boolean {
  try {
    return planDrivers(inspection).hardware === 'VIRTIO';
  } catch (error) {
    if (error instanceof OperationError) return false;
    throw error;
  }
}
