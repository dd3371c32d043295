/** The part of a conversion plan that is about the names of file systems and of what they lie in. */
import { rewriteCrypttab } from '../guest/crypttab.ts';
import { rewriteFstab, type TableRewrite } from '../guest/fstab.ts';
import type { GuestInspection } from '../guest/inspection.ts';
import type { ConversionStep } from './plan.ts';

const CRYPTTAB = '/etc/crypttab';
const FSTAB = '/etc/fstab';

export function planFilesystems(inspection: GuestInspection): ConversionStep[] {
  const { files } = inspection;
  const encrypted = rewriteCrypttab(files.get(CRYPTTAB) ?? '', inspection);
  const mounted = rewriteFstab(files.get(FSTAB) ?? '', inspection);
  return [
    ...toSteps(encrypted, { path: CRYPTTAB, title: 'Table of encrypted volumes' }),
    ...toSteps(mounted, { path: FSTAB, title: 'Filesystem table' }),
  ];
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
