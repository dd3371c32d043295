/** What an inspection would find after a plan was carried out: the appliance's part, as a model. */
import type { GuestInspection, InspectedKernel } from '../guest/inspection.ts';
import type { ConversionStep } from './plan.ts';

export function applied(inspection: GuestInspection, steps: readonly ConversionStep[]): GuestInspection {
  return steps.reduce(applyOne, inspection);
}

function applyOne(guest: GuestInspection, step: ConversionStep): GuestInspection {
  const files = new Map(guest.files);
  const present = new Set(guest.present);
  const links = new Map(guest.links);
  switch (step.kind) {
    case 'WRITE_FILE':
      files.set(step.path, step.text);
      // Presence is asked of some paths only; that of a file that was written does no harm.
      present.add(step.path);
      return { ...guest, files, present };
    case 'MOVE':
      // Of what is put aside, inspection reads nothing.
      files.delete(step.from);
      present.delete(step.from);
      return { ...guest, files, present };
    case 'COPY':
      return { ...guest, present: present.add(step.to) };
    case 'LINK':
      files.delete(step.path);
      links.set(step.path, step.target);
      return { ...guest, files, links, present: present.add(step.path) };
    case 'EXTEND_INITRAMFS': {
      const kernels = guest.kernels.map((kernel) =>
        kernel.version === step.kernel.version ? extended(kernel, step) : kernel,
      );
      return { ...guest, kernels };
    }
    case 'RUN_IN_GUEST':
      // It stays as unreadable as it was; one that is readable is found to have the drivers.
      return guest.initramfsBuilder === 'unknown' ? guest : { ...guest, kernels: guest.kernels.map(rebuilt) };
  }
}

function extended(
  kernel: InspectedKernel,
  step: Extract<ConversionStep, { kind: 'EXTEND_INITRAMFS' }>,
): InspectedKernel {
  const { content, path } = step.initramfs;
  if (content === undefined) return kernel;
  const added = step.modules.map((name) => `lib/modules/${kernel.version}/${name}.ko`);
  const settings = new Map([...content.settings, ...step.settings]);
  return {
    ...kernel,
    initramfs: { path, content: { ...content, settings, names: new Set([...content.names, ...added]) } },
  };
}

function rebuilt(kernel: InspectedKernel): InspectedKernel {
  const { initramfs } = kernel;
  if (initramfs?.content === undefined) return kernel;
  const names = [...kernel.modules.paths.values()].map((path) => `lib/modules/${kernel.version}/${path}`);
  return {
    ...kernel,
    initramfs: { ...initramfs, content: { ...initramfs.content, names: new Set(names) } },
  };
}
