/** Script documents with all their versions, and the values of their parameters. */
import type { ScriptDocument } from '../actions/script-document.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export interface ScriptRecord extends ScriptDocument {
  readonly version: number;
  readonly createdAtMs: number;
}

export interface ScriptParameterRecord {
  readonly name: string;
  /** In the database sealed when it is secure: see `sealParameter`. */
  readonly value: string;
  readonly secure: boolean;
}

export async function insertScript(tx: Queries, script: ScriptRecord): Promise<void> {
  await tx
    .insertInto('script_document')
    .values({ name: script.name, version: script.version, document: encodeDocument(script) })
    .execute();
}

/** Absent `version`: the latest. */
export async function findScript(
  db: Queries,
  name: string,
  version?: number,
): Promise<ScriptRecord | undefined> {
  const named = db.selectFrom('script_document').select('document').where('name', '=', name);
  const chosen = version === undefined ? named : named.where('version', '=', version);
  const row = await chosen.orderBy('version', 'desc').executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** The latest version of each. */
export async function listScripts(db: Queries): Promise<readonly ScriptRecord[]> {
  const rows = await db.selectFrom('script_document').select('document').orderBy('version').execute();
  const scripts = rows.map((row) => decodeDocument<ScriptRecord>(row.document));
  return [...new Map(scripts.map((script) => [script.name, script])).values()];
}

/** All versions; false when there was none. */
export async function deleteScript(tx: Queries, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('script_document')
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function saveParameter(tx: Queries, parameter: ScriptParameterRecord): Promise<void> {
  const document = encodeDocument(parameter);
  await tx
    .insertInto('script_parameter')
    .values({ name: parameter.name, document })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ document }))
    .execute();
}

export async function listParameters(db: Queries): Promise<readonly ScriptParameterRecord[]> {
  const rows = await db.selectFrom('script_parameter').select('document').orderBy('name').execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function deleteParameter(tx: Queries, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('script_parameter')
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
