/** Files of imports and exports: their names, their columns, and what is wrong with one. Pure. */
import type { Mgn } from '@landfall/api/types';
import { hrefOf } from '../../shell/route.ts';
import { csvText } from '../../widgets/csv-text.ts';

export const INVENTORY_PATH = '/inventory';
/** Where files go unless somebody says otherwise. */
export const INVENTORY_BUCKET = 'inventory';

export function importHref(importID: string): string {
  return hrefOf(`${INVENTORY_PATH}/imports/${encodeURIComponent(importID)}`);
}

export function exportHref(exportID: string): string {
  return hrefOf(`${INVENTORY_PATH}/exports/${encodeURIComponent(exportID)}`);
}

/** The columns that every file can have; those of tags and of launches have names of their own. */
const COLUMNS = [
  'mgn:account-id',
  'mgn:region',
  'mgn:wave:id',
  'mgn:wave:name',
  'mgn:wave:description',
  'mgn:app:id',
  'mgn:app:name',
  'mgn:app:description',
  'mgn:server:id',
  'mgn:server:user-provided-id',
  'mgn:server:platform',
  'mgn:server:fqdn-for-action-framework',
] as const;

export function columnsFile(): string {
  return csvText([COLUMNS]);
}

export function isBucketName(bucket: string): boolean {
  return /^[\w.-]{1,255}$/.test(bucket) && bucket !== '.' && bucket !== '..';
}

/** Parts between slashes are names of their own, none of them special. */
export function isInventoryKey(key: string): boolean {
  if (!/^[^\0]{1,1020}\.csv$/.test(key)) return false;
  return key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Where a bucket is, in the state folder of the control plane. */
export function bucketPath(bucket: string, key: string): string {
  return `buckets/${bucket === '' ? 'BUCKET' : bucket}/${key === '' ? 'FILE.csv' : key}`;
}

export interface ErrorWords {
  readonly header: readonly string[];
  readonly kindOf: (type: Mgn.ImportErrorType | 'WARNING') => string;
}

/** What is listed of an import, as a file for whoever corrects the first one. */
export function errorsFile(errors: readonly Mgn.ImportTaskError[], { header, kindOf }: ErrorWords): string {
  const rows = errors.map(({ errorType, errorData = {} }) => [
    errorData.rowNumber,
    kindOf(errorType ?? 'WARNING'),
    errorData.rawError,
    subjectOf(errorData),
  ]);
  return csvText([header, ...rows]);
}

/** The server, application or wave that an error is about. */
export function subjectOf(error: Mgn.ImportErrorData): string | undefined {
  return error.sourceServerID ?? error.applicationID ?? error.waveID;
}

/** A file that was refused as a whole has errors of its form only. What has no type is a warning. */
export function isRefused(errors: readonly Mgn.ImportTaskError[]): boolean {
  const failures = errors.filter(({ errorType }) => errorType !== undefined);
  return failures.length > 0 && failures.every(({ errorType }) => errorType === 'VALIDATION_ERROR');
}
