/** Launch templates, one a server, and their versions, in the API's own words. */
import type { Ec2LaunchTemplateData, Ec2Values, Landfall } from '@landfall/api';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export interface LaunchTemplateRecord {
  readonly launchTemplateId: string;
  /** The server it is for. One that has a name is for none and has its own id here. */
  readonly sourceServerId: string;
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly defaultVersion: number;
  /** Numbers of deleted versions are not given again. */
  readonly latestVersion: number;
}

export interface LaunchTemplateVersionRecord {
  readonly launchTemplateId: string;
  readonly versionNumber: number;
  readonly createdAtMs: number;
  readonly description?: string;
  readonly data: Landfall.LaunchTemplateData;
  /** What callers of EC2 said besides: without effect, and shown to them again. */
  readonly ec2Members?: Ec2Members;
  /** By which the call that made it is known again. */
  readonly clientToken?: string;
}

/** As `CreateLaunchTemplateVersion` takes them, without what is in `data`. */
export interface Ec2Members {
  readonly ImageId?: string | undefined;
  readonly TagSpecification?: Ec2LaunchTemplateData['TagSpecification'];
  readonly NetworkInterface?: readonly Ec2Values[] | undefined;
  /** Of devices of which there is something to keep, with their names. */
  readonly BlockDeviceMapping?: readonly KeptDevice[] | undefined;
  /** `KEPT_LAUNCH_TEMPLATE_MEMBERS` */
  readonly [name: string]: unknown;
}

export interface KeptDevice {
  readonly DeviceName: string;
  readonly Ebs: Ec2Values;
  readonly others: Ec2Values;
}

export async function insertLaunchTemplate(tx: Queries, template: LaunchTemplateRecord): Promise<void> {
  await tx
    .insertInto('launch_template')
    .values({
      launch_template_id: template.launchTemplateId,
      source_server_id: template.sourceServerId,
      document: encodeDocument(template),
    })
    .execute();
}

export async function findLaunchTemplate(
  db: Queries,
  sourceServerId: string,
): Promise<LaunchTemplateRecord | undefined> {
  const row = await db
    .selectFrom('launch_template')
    .select('document')
    .where('source_server_id', '=', sourceServerId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

export async function findLaunchTemplateById(
  db: Queries,
  launchTemplateId: string,
): Promise<LaunchTemplateRecord | undefined> {
  const row = await db
    .selectFrom('launch_template')
    .select('document')
    .where('launch_template_id', '=', launchTemplateId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** By id. */
export async function listLaunchTemplates(db: Queries): Promise<readonly LaunchTemplateRecord[]> {
  const rows = await db
    .selectFrom('launch_template')
    .select('document')
    .orderBy('launch_template_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

/** Those for no server. */
export async function listNamedTemplates(db: Queries): Promise<readonly LaunchTemplateRecord[]> {
  const rows = await db
    .selectFrom('launch_template')
    .select('document')
    .whereRef('source_server_id', '=', 'launch_template_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function saveLaunchTemplate(tx: Queries, template: LaunchTemplateRecord): Promise<void> {
  await tx
    .updateTable('launch_template')
    .set({ document: encodeDocument(template) })
    .where('launch_template_id', '=', template.launchTemplateId)
    .execute();
}

export async function deleteLaunchTemplate(tx: Queries, launchTemplateId: string): Promise<void> {
  for (const table of ['launch_template_version', 'launch_template'] as const) {
    await tx.deleteFrom(table).where('launch_template_id', '=', launchTemplateId).execute();
  }
}

export async function insertVersion(tx: Queries, version: LaunchTemplateVersionRecord): Promise<void> {
  await tx
    .insertInto('launch_template_version')
    .values({
      launch_template_id: version.launchTemplateId,
      version_number: version.versionNumber,
      document: encodeDocument(version),
    })
    .execute();
}

export async function findVersion(
  db: Queries,
  launchTemplateId: string,
  versionNumber: number,
): Promise<LaunchTemplateVersionRecord | undefined> {
  const row = await db
    .selectFrom('launch_template_version')
    .select('document')
    .where('launch_template_id', '=', launchTemplateId)
    .where('version_number', '=', versionNumber)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** By source server, of those that have a launch template. */
export async function listDefaultVersions(
  db: Queries,
  sourceServerIds: readonly string[],
): Promise<ReadonlyMap<string, LaunchTemplateVersionRecord>> {
  if (sourceServerIds.length === 0) return new Map();
  const templates = (
    await db
      .selectFrom('launch_template')
      .select('document')
      .where('source_server_id', 'in', [...sourceServerIds])
      .execute()
  ).map((row) => decodeDocument<LaunchTemplateRecord>(row.document));
  if (templates.length === 0) return new Map();
  const rows = await db
    .selectFrom('launch_template_version')
    .select('document')
    .where(({ and, eb, or }) =>
      or(
        templates.map(({ launchTemplateId, defaultVersion }) =>
          and([eb('launch_template_id', '=', launchTemplateId), eb('version_number', '=', defaultVersion)]),
        ),
      ),
    )
    .execute();
  const versions = rows.map((row) => decodeDocument<LaunchTemplateVersionRecord>(row.document));
  const byTemplate = new Map(versions.map((version) => [version.launchTemplateId, version]));
  return new Map(
    templates.flatMap(({ sourceServerId, launchTemplateId }) => {
      const version = byTemplate.get(launchTemplateId);
      return version === undefined ? [] : [[sourceServerId, version] as const];
    }),
  );
}

/** Oldest first. */
export async function listVersions(
  db: Queries,
  launchTemplateId: string,
): Promise<readonly LaunchTemplateVersionRecord[]> {
  const rows = await db
    .selectFrom('launch_template_version')
    .select('document')
    .where('launch_template_id', '=', launchTemplateId)
    .orderBy('version_number')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

/** Of all templates. */
export async function listAllVersions(db: Queries): Promise<readonly LaunchTemplateVersionRecord[]> {
  const rows = await db.selectFrom('launch_template_version').select('document').execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function deleteVersion(
  tx: Queries,
  launchTemplateId: string,
  versionNumber: number,
): Promise<void> {
  await tx
    .deleteFrom('launch_template_version')
    .where('launch_template_id', '=', launchTemplateId)
    .where('version_number', '=', versionNumber)
    .execute();
}
