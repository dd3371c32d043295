/**
 * A machine's firmware begins without boot entries, so it starts one loader only: EFI/BOOT/BOOTX64.EFI.
 * Where a distribution installed its loader under its own name, the same files are copied there, as its own
 * `grub-install --force-extra-removable` would: shim as the loader, with GRUB and the key manager beside it,
 * which it looks for in its own folder. `fbx64.efi` is left out: in that place it would write boot entries
 * and start the machine again.
 */
import type { GuestInspection } from '../guest/inspection.ts';
import type { ConversionStep } from './plan.ts';

export interface EfiLoader {
  readonly folder: string;
  /** File names as they are on the partition, the loader itself first. */
  readonly names: readonly string[];
}

const FALLBACK = /\/EFI\/BOOT\/BOOTX64\.EFI$/i;
const EFI_FILE = /^(\/boot\/efi|\/efi|\/boot)\/(EFI)\/([^/]+)\/([^/]+)$/i;
const LOADERS = ['shimx64.efi', 'grubx64.efi', 'systemd-bootx64.efi'];
/** Beside shim; GRUB's own configuration beside GRUB, for those that look for it where they lie. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  'shimx64.efi': ['grubx64.efi', 'mmx64.efi', 'grub.cfg'],
  'grubx64.efi': ['grub.cfg'],
};

export function hasFallbackLoader(present: ReadonlySet<string>): boolean {
  return [...present].some((path) => FALLBACK.test(path));
}

/** The loader that the guest starts by now. */
export function findEfiLoader({
  present,
  os,
}: Pick<GuestInspection, 'present' | 'os'>): EfiLoader | undefined {
  const files = [...present].flatMap((path) => {
    const [, mountPoint, efi, vendor = '', name = ''] = EFI_FILE.exec(path) ?? [];
    return mountPoint === undefined ? [] : [{ folder: `${mountPoint}/${efi}/${vendor}`, vendor, name }];
  });
  // The distribution's own folder, where several systems share the partition.
  const ranked = files.toSorted((left, right) => Number(isOf(os.id, right)) - Number(isOf(os.id, left)));
  for (const loader of LOADERS) {
    const found = ranked.find(({ name }) => name.toLowerCase() === loader);
    if (found === undefined) continue;
    const beside = files.filter(({ folder }) => folder === found.folder).map(({ name }) => name);
    const companions = COMPANIONS[loader] ?? [];
    const others = beside.filter((name) => companions.includes(name.toLowerCase()));
    return { folder: found.folder, names: [found.name, ...others] };
  }
  return undefined;
}

/** Nothing where the partition was not seen, starts by BIOS, or has what is needed. */
export function planEfiFallback(inspection: GuestInspection): ConversionStep[] {
  if (hasFallbackLoader(inspection.present)) return [];
  const loader = findEfiLoader(inspection);
  if (loader === undefined) return [];
  const target = `${loader.folder.slice(0, loader.folder.lastIndexOf('/'))}/BOOT`;
  // The loader itself last: what has it has everything.
  return loader.names.toReversed().map((name) => {
    const from = `${loader.folder}/${name}`;
    const to = `${target}/${name === loader.names[0] ? 'BOOTX64.EFI' : name}`;
    const base = { title: 'EFI loader', finding: 'EFI_FALLBACK_MISSING' } as const;
    return { kind: 'COPY', ...base, from, to, detail: `${to}: absent → as ${from}` };
  });
}

function isOf(id: string, { vendor }: { readonly vendor: string }): boolean {
  return vendor.toLowerCase() === (id === 'rhel' ? 'redhat' : id);
}
