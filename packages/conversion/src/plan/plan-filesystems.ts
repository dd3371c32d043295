/** The part of a conversion plan that is about the names of file systems and of what they lie in. */
import { openedNames, rewriteCrypttab } from '../guest/crypttab.ts';
import { rewriteFstab, type TableRewrite } from '../guest/fstab.ts';
import type { GuestInspection } from '../guest/inspection.ts';
import type { ConversionStep, PlanNote } from './plan.ts';

const CRYPTTAB = '/etc/crypttab';
const FSTAB = '/etc/fstab';

export interface FilesystemsPlan {
  readonly steps: readonly ConversionStep[];
  readonly notes: readonly PlanNote[];
}

export function planFilesystems(inspection: GuestInspection): FilesystemsPlan {
  const { files } = inspection;
  const table = files.get(CRYPTTAB) ?? '';
  const encrypted = rewriteCrypttab(table, inspection);
  const opened = openedNames(table, inspection);
  const mounted = rewriteFstab(files.get(FSTAB) ?? '', { ...inspection, opened });
  return {
    steps: [
      ...toSteps(encrypted, { path: CRYPTTAB, title: 'Table of encrypted volumes' }),
      ...toSteps(mounted, { path: FSTAB, title: 'Filesystem table' }),
    ],
    notes: mounted.doubts.map((what) => ({ finding: 'MOUNT_UNCERTAIN', what })),
  };
}

function toSteps(
  { text, changes }: TableRewrite,
  table: { readonly path: string; readonly title: string },
): ConversionStep[] {
  const detail = changes.map(describeChange).join('\n');
  if (changes.length === 0) return [];
  return [{ kind: 'WRITE_FILE', ...table, finding: 'FSTAB_BY_HARDWARE', text, detail }];
}

function describeChange(change: { before: string; after: string; reason: string }): string {
  const squeeze = (line: string) => line.trim().replace(/\s+/g, ' ');
  return `${squeeze(change.before)} → ${squeeze(change.after)} (${change.reason})`;
}
