/** GetRetention, PutRetention, PreviewRetention: which recovery points of one server, or of all, are kept. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import type { RetentionPreviewFacts } from '@landfall/channel';
import { RETENTION_DEFAULT, type RetentionTier, type RetentionWish, retentionFault } from '@landfall/model';
import { assert } from '@landfall/runtime';
import { isReplicating } from '../channel/observe-replication.ts';
import { retentionWish, viewRetention } from '../lifecycle/retention-view.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { readDefaultRetention, writeDefaultRetention } from '../store/default-retention.ts';
import type { Queries } from '../store/schema.ts';
import { changeServer, eachServers } from '../store/source-servers.ts';
import { askProgram } from './ask-program.ts';
import { requireServer } from './change-source-server.ts';
import { requireRevision, revisionOf } from './revision.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'GetRetention' | 'PutRetention' | 'PreviewRetention'>;

type Tiers = readonly RetentionTier[] | undefined;

/** Asked at once; what a program is asked waits in its queue. */
const ASKED_AT_ONCE = 32;
const ITEMS_MAX = 100;

/** Of a server that no replication server keeps. */
const NOTHING_KEPT: RetentionPreviewFacts = {
  points: 0,
  droppedPoints: 0,
  oldestMs: null,
  oldestKeptMs: null,
};

export const retentionOperations: Operations = {
  GetRetention: async ({ sourceServerID }, service) => {
    const { db } = service.store;
    const byDefault = await readDefaultRetention(db);
    if (sourceServerID === undefined) return showDefault(byDefault);
    return showServer(service, await requireServer(db, sourceServerID), byDefault);
  },

  /** Replication servers hear of it with their next report. */
  PutRetention: async ({ sourceServerID, tiers, expectedRevision }, service) => {
    checkTiers(tiers);
    return service.store.transaction(async (tx) => {
      const stored =
        sourceServerID === undefined
          ? await readDefaultRetention(tx)
          : (await requireServer(tx, sourceServerID)).retentionTiers;
      requireRevision({
        ...{ stored, wanted: tiers, expectedRevision },
        ...{ resourceId: sourceServerID ?? 'of all servers', resourceType: 'Retention' },
      });
      if (sourceServerID === undefined) {
        await writeDefaultRetention(tx, tiers);
        return showDefault(tiers);
      }
      const server = await putOfServer(tx, sourceServerID, tiers);
      return showServer(service, server, await readDefaultRetention(tx));
    });
  },

  PreviewRetention: async ({ sourceServerID, tiers }, service) => {
    checkTiers(tiers);
    if (sourceServerID === undefined) return previewDefault(service, tiers);
    const server = await requireServer(service.store.db, sourceServerID);
    const wish = retentionWish(tiers, await readDefaultRetention(service.store.db));
    return summary([await tryKeeper(service, server, wish)]);
  },
};

/** Errors: ValidationException. */
function checkTiers(tiers: Tiers): void {
  const fault = tiers === undefined ? undefined : retentionFault(tiers);
  if (fault === undefined) return;
  throw ApiError.validation(`tiers: ${fault}.`, {
    reason: 'fieldValidationFailed',
    fieldList: [{ name: 'tiers', message: fault }],
  });
}

async function putOfServer(tx: Queries, sourceServerID: string, tiers: Tiers): Promise<SourceServerRecord> {
  await requireServer(tx, sourceServerID);
  const changed = await changeServer(tx, sourceServerID, ({ retentionTiers: _, ...current }) => ({
    ...current,
    ...(tiers === undefined ? {} : { retentionTiers: tiers }),
  }));
  assert(changed !== undefined, 'S2: what was found in the transaction is still there');
  return changed;
}

function showDefault(byDefault: Tiers): Landfall.Retention {
  const revision = revisionOf(byDefault);
  if (byDefault === undefined) return { origin: 'BUILT_IN', tiers: RETENTION_DEFAULT, revision };
  return { origin: 'DEFAULT', tiers: byDefault, revision };
}

function showServer(
  { reports }: Service,
  { sourceServerId, retentionTiers, replicationServerId }: SourceServerRecord,
  byDefault: Tiers,
): Landfall.Retention {
  const told = reports
    .last('replication-server', replicationServerId)
    ?.report.servers.find((entry) => entry.sourceServerId === sourceServerId)?.retention;
  const view = viewRetention(retentionWish(retentionTiers, byDefault), told);
  return { sourceServerID: sourceServerId, ...view, revision: revisionOf(retentionTiers) };
}

interface Answer {
  readonly sourceServerID: string;
  /** Absent: nobody answered. */
  readonly facts?: RetentionPreviewFacts;
}

/** Of all that have no tiers of their own. */
async function previewDefault(service: Service, tiers: Tiers): Promise<Landfall.PreviewRetentionResponse> {
  const wish = retentionWish(undefined, tiers);
  const isMeant = (server: SourceServerRecord) =>
    server.retentionTiers === undefined && server.replicationServerId !== null && isReplicating(server);
  const answers: Answer[] = [];
  for await (const some of eachServers(service.store.db)) {
    const meant = some.filter(isMeant);
    for (let from = 0; from < meant.length; from += ASKED_AT_ONCE) {
      const asked = meant.slice(from, from + ASKED_AT_ONCE);
      answers.push(...(await Promise.all(asked.map((server) => tryKeeper(service, server, wish)))));
    }
  }
  return summary(answers);
}

/** That one does not answer hides none of the others. */
async function tryKeeper(service: Service, server: SourceServerRecord, wish: RetentionWish): Promise<Answer> {
  const sourceServerID = server.sourceServerId;
  try {
    return { sourceServerID, facts: await askKeeper(service, server, wish) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    service.log.info('retention-not-previewed', { sourceServerId: sourceServerID, error });
    return { sourceServerID };
  }
}

/** Errors: ConflictException. */
async function askKeeper(
  service: Service,
  { sourceServerId, replicationServerId }: SourceServerRecord,
  wish: RetentionWish,
): Promise<RetentionPreviewFacts> {
  if (replicationServerId === null) return NOTHING_KEPT;
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  return askProgram(service, to, 'previewRetention', { sourceServerId, wish });
}

function summary(answers: readonly Answer[]): Landfall.PreviewRetentionResponse {
  const items = answers.flatMap(({ sourceServerID, facts }) =>
    facts === undefined ? [] : [showItem(sourceServerID, facts)],
  );
  const dropping = items.filter(({ droppedPoints }) => droppedPoints > 0);
  dropping.sort((left, right) => right.droppedPoints - left.droppedPoints);
  const unanswered = answers.filter(({ facts }) => facts === undefined);
  return {
    items: dropping.slice(0, ITEMS_MAX),
    servers: items.length,
    points: items.reduce((sum, { points }) => sum + points, 0),
    droppedPoints: items.reduce((sum, { droppedPoints }) => sum + droppedPoints, 0),
    droppingServers: dropping.length,
    unansweredServerIDs: unanswered.slice(0, ITEMS_MAX).map(({ sourceServerID }) => sourceServerID),
  };
}

function showItem(
  sourceServerID: string,
  { points, droppedPoints, oldestMs, oldestKeptMs }: RetentionPreviewFacts,
): Landfall.RetentionPreviewItem {
  return {
    ...{ sourceServerID, points, droppedPoints },
    oldestDateTime: oldestMs === null ? undefined : isoDateTime(oldestMs),
    oldestKeptDateTime: oldestKeptMs === null ? undefined : isoDateTime(oldestKeptMs),
  };
}
