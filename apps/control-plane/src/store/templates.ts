/** Replication and launch configuration templates, in the API's own words. */
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export type TemplateKind = 'REPLICATION' | 'LAUNCH';

export interface TemplateRecord<Settings> {
  readonly templateId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly settings: Settings;
}

export async function insertTemplate<Settings>(
  tx: Queries,
  kind: TemplateKind,
  template: TemplateRecord<Settings>,
  nowMs: number,
): Promise<void> {
  await tx
    .insertInto('template')
    .values({
      template_id: template.templateId,
      kind,
      created_at_ms: nowMs,
      document: encodeDocument(template),
    })
    .execute();
}

export async function findTemplate<Settings>(
  db: Queries,
  kind: TemplateKind,
  templateId: string,
): Promise<TemplateRecord<Settings> | undefined> {
  const row = await db
    .selectFrom('template')
    .select('document')
    .where('kind', '=', kind)
    .where('template_id', '=', templateId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** Oldest first: the first is the one new servers copy. */
export async function listTemplates<Settings>(
  db: Queries,
  kind: TemplateKind,
): Promise<readonly TemplateRecord<Settings>[]> {
  const rows = await db
    .selectFrom('template')
    .select('document')
    .where('kind', '=', kind)
    .orderBy('created_at_ms')
    .orderBy('template_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function saveTemplate<Settings>(tx: Queries, template: TemplateRecord<Settings>): Promise<void> {
  await tx
    .updateTable('template')
    .set({ document: encodeDocument(template) })
    .where('template_id', '=', template.templateId)
    .execute();
}

export async function deleteTemplate(tx: Queries, templateId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('template')
    .where('template_id', '=', templateId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
