/**
 * The device that initramfs-tools resumes from, where hibernation left a system. One that is named by
 * hardware is not there on other hardware, and every start would wait half a minute for it. It is named in
 * /etc, for initial RAM filesystems that are built later, and inside the one that is there.
 */
import { rewriteKernelArguments } from '../guest/boot-configuration.ts';
import { isHardwareName } from '../guest/device-names.ts';
import { canAppend } from '../guest/initramfs.ts';
import type { GuestInspection, InspectedKernel } from '../guest/inspection.ts';
import type { ConversionStep } from './plan.ts';
import { KERNELS_MAX } from './plan-drivers.ts';

const PATH = '/etc/initramfs-tools/conf.d/resume';
const SETTING = /^RESUME=(["']?)(\/dev\/[^\s"']+)\1$/gm;
const STEP = { title: 'Resume device', finding: 'RESUME_BY_HARDWARE' } as const;

/** Before an initial RAM filesystem is built anew, which takes it from there. */
export function planResumeSetting(inspection: GuestInspection): ConversionStep[] {
  const before = inspection.files.get(PATH);
  const rewritten = before === undefined ? undefined : rewrite(before, inspection);
  if (rewritten === undefined) return [];
  const { text, detail } = rewritten;
  return [{ kind: 'WRITE_FILE', ...STEP, path: PATH, text, detail }];
}

/** Inside what can be added to; what a driver's step builds anew has the setting from /etc. */
export function planResumeInside(inspection: GuestInspection): ConversionStep[] {
  return inspection.kernels.slice(0, KERNELS_MAX).flatMap((kernel) => extension(kernel, inspection));
}

function extension(kernel: InspectedKernel, inspection: GuestInspection): ConversionStep[] {
  const { initramfs } = kernel;
  if (initramfs?.content === undefined || !canAppend(initramfs.content.compression)) return [];
  const changed = [...initramfs.content.settings].flatMap(([name, before]) => {
    const rewritten = rewrite(before, inspection);
    return rewritten === undefined ? [] : [{ name, ...rewritten }];
  });
  if (changed.length === 0) return [];
  const settings = new Map(changed.map(({ name, text }) => [name, text]));
  const detail = `${initramfs.path}: ${changed.map((change) => change.detail).join(', ')}`;
  return [{ kind: 'EXTEND_INITRAMFS', ...STEP, kernel, initramfs, modules: [], settings, detail }];
}

/** `undefined`: nothing in it depends on hardware. */
function rewrite(before: string, inspection: GuestInspection) {
  const details: string[] = [];
  const text = before.replace(SETTING, (line: string, _quote: string, device: string) => {
    if (!isHardwareName(device)) return line;
    const named = rewriteKernelArguments(`resume=${device}`, inspection).text;
    const after = named === `resume=${device}` ? 'RESUME=none' : named.replace('resume', 'RESUME');
    details.push(`${line} → ${after}`);
    return after;
  });
  return details.length === 0 ? undefined : { text, detail: details.join(', ') };
}
