/** Every document an action can name: the ready-made ones, and those that were put. */
import { ApiError, type Mgn } from '@landfall/api';
import type { Queries } from '../store/schema.ts';
import { findScript, listScripts, type ScriptRecord } from '../store/scripts.ts';
import { READY_MADE_DOCUMENTS } from './ready-made-documents.ts';
import { invalidActions } from './script-document.ts';

const READY_MADE: readonly ScriptRecord[] = READY_MADE_DOCUMENTS.map((document) => ({
  ...document,
  version: 1,
  createdAtMs: 0,
}));

export function isReadyMade(name: string): boolean {
  return READY_MADE.some((document) => document.name === name);
}

/** `version`: a number; `$LATEST`, `$DEFAULT` or absent: the latest. */
export async function findDocument(
  db: Queries,
  name: string,
  version: string | undefined,
): Promise<ScriptRecord | undefined> {
  const number = version === undefined || version.startsWith('$') ? undefined : Number(version);
  const ready = READY_MADE.find((document) => document.name === name);
  if (ready === undefined) return findScript(db, name, number);
  return number === undefined || number === ready.version ? ready : undefined;
}

export async function listDocuments(db: Queries): Promise<readonly ScriptRecord[]> {
  return [...READY_MADE, ...(await listScripts(db))];
}

/** For a call that names a document which is to be there. Errors: ValidationException. */
export async function requireNamed(db: Queries, name: string, version: string | undefined): Promise<void> {
  if ((await findDocument(db, name, version)) !== undefined) return;
  throw ApiError.validation(`There is no script document ${nameOf(name, version)}; put it first.`);
}

/** For settings that name documents. Errors: ValidationException. */
export async function requireDocuments(
  db: Queries,
  settings: Mgn.PostLaunchActions | undefined,
): Promise<void> {
  for (const { ssmDocumentName } of settings?.ssmDocuments ?? []) {
    await requireNamed(db, ssmDocumentName, undefined);
  }
}

/** For a launch. Errors: POST_LAUNCH_INVALID. */
export async function requireDocument(
  db: Queries,
  name: string,
  version: string | undefined,
): Promise<ScriptRecord> {
  const found = await findDocument(db, name, version);
  if (found === undefined) throw invalidActions(`there is no script document ${nameOf(name, version)}`);
  return found;
}

function nameOf(name: string, version: string | undefined): string {
  return version === undefined ? name : `${name} of version ${version}`;
}
