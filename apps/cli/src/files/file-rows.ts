/** A listing as a terminal shows it. */
import type { Landfall } from '@landfall/api';
import type { Column } from '../terminal/table.ts';
import { showName } from './guest-name.ts';

const LETTER_BY_KIND: Readonly<Record<Landfall.RecoveryPointFileKind, string>> = {
  FILE: '-',
  FOLDER: 'd',
  SYMLINK: 'l',
  BLOCK_DEVICE: 'b',
  CHARACTER_DEVICE: 'c',
  FIFO: 'p',
  SOCKET: 's',
  UNKNOWN: '?',
};

export const LONG_COLUMNS: readonly Column<Landfall.RecoveryPointFile>[] = [
  { title: 'MODE', value: ({ kind, mode }) => `${LETTER_BY_KIND[kind]}${showMode(mode)}` },
  { title: 'OWNER', value: ({ uid, gid }) => `${uid}:${gid}` },
  { title: 'SIZE', value: ({ sizeBytes }) => sizeBytes },
  { title: 'MODIFIED', value: ({ modifiedDateTime }) => modifiedDateTime },
  { title: 'NAME', value: (file) => `${nameOf(file)}${targetOf(file)}` },
];

/** A folder is told by a slash. */
export function shortName(file: Landfall.RecoveryPointFile): string {
  return `${nameOf(file)}${file.kind === 'FOLDER' ? '/' : ''}`;
}

export function showMode(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'));
  const special = (bit: number, index: number, set: string) => {
    if (mode & bit) letters[index] = letters[index] === 'x' ? set : set.toUpperCase();
  };
  special(0o4000, 2, 's');
  special(0o2000, 5, 's');
  special(0o1000, 8, 't');
  return letters.join('');
}

function nameOf({ nameBase64 }: Landfall.RecoveryPointFile): string {
  return showName(Buffer.from(nameBase64, 'base64'));
}

function targetOf({ targetBase64 }: Landfall.RecoveryPointFile): string {
  return targetBase64 === undefined ? '' : ` -> ${showName(Buffer.from(targetBase64, 'base64'))}`;
}
