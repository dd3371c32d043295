/** StartBootProof, ListBootProofs, DescribeBootProof, GetBootProofSchedule, PutBootProofSchedule. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import type { SignOfLife } from '@landfall/channel';
import { beginBootProof } from '../boot-proofs/begin-boot-proof.ts';
import { bootProofScheduleOf, nextBootProofAtMs } from '../boot-proofs/boot-proof-schedule.ts';
import { requireRunnable } from '../boot-proofs/proof-scripts.ts';
import { isReplicating } from '../channel/observe-replication.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import {
  type BootProofRecord,
  findBootProof,
  latestBootProof,
  listBootProofs,
  readScreenshot,
} from '../store/boot-proofs.ts';
import { changeServer } from '../store/source-servers.ts';
import { conflict, requireServer } from './change-source-server.ts';
import { selectPoint } from './point-selector.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  'StartBootProof' | 'ListBootProofs' | 'DescribeBootProof' | 'GetBootProofSchedule' | 'PutBootProofSchedule'
>;

const PROOFS_LISTED_MAX = 100;

export const bootProofOperations: Operations = {
  StartBootProof: async ({ sourceServerID, at }, service) => {
    const selector = await selectPoint(service, await requireServer(service.store.db, sourceServerID), at);
    const proof = await service.store.transaction(async (tx) => {
      const server = await requireServer(tx, sourceServerID);
      if (!isReplicating(server)) throw conflict(server, 'it is not replicated');
      const wish = { server, trigger: 'REQUESTED', at: selector } as const;
      const begun = await beginBootProof(service, tx, wish);
      if (begun === undefined) throw conflict(server, 'another point of it is being proved to boot');
      return begun;
    });
    return { bootProof: showBootProof(service, proof) };
  },

  ListBootProofs: async ({ sourceServerID }, service) => {
    const server = await requireServer(service.store.db, sourceServerID);
    const proofs = await listBootProofs(service.store.db, sourceServerID);
    return {
      items: proofs.slice(0, PROOFS_LISTED_MAX).map((proof) => showBootProof(service, proof)),
      nextDateTime: nextDateTime(server, proofs[0]),
    };
  },

  DescribeBootProof: async ({ bootProofID }, service) => {
    const proof = await findBootProof(service.store.db, bootProofID);
    if (proof === undefined) throw ApiError.notFound(bootProofID, 'BootProof');
    return {
      bootProof: showBootProof(service, proof),
      consoleTail: proof.attempt?.verdict?.consoleTail,
      screenshotPngBase64: await readScreenshot(service.store.db, bootProofID),
    };
  },

  GetBootProofSchedule: async ({ sourceServerID }, { store }) =>
    showSchedule(
      await requireServer(store.db, sourceServerID),
      await latestBootProof(store.db, sourceServerID),
    ),

  PutBootProofSchedule: async ({ sourceServerID, signsOfLife, ...settings }, { store }) => {
    const signs = signsOfLife?.map(signOfLife);
    const set = Object.entries({ ...settings, signsOfLife: signs }).filter(
      ([, value]) => value !== undefined,
    );
    return store.transaction(async (tx) => {
      await requireServer(tx, sourceServerID);
      await requireRunnable(tx, signs ?? []);
      const changed = await changeServer(tx, sourceServerID, (server) => ({
        ...server,
        bootProofSchedule: { ...server.bootProofSchedule, ...Object.fromEntries(set) },
      }));
      const server = changed ?? (await requireServer(tx, sourceServerID));
      return showSchedule(server, await latestBootProof(tx, sourceServerID));
    });
  },
};

/** Errors: ValidationException for a kind without its port or script. */
function signOfLife({ kind, port, path = '/', script }: Landfall.SignOfLife): SignOfLife {
  if (kind === 'LOGIN_PROMPT' || kind === 'GUEST_AGENT') return { kind };
  if (kind === 'SCRIPT') return { kind, script: script ?? lacking(kind, 'script') };
  if (port === undefined) return lacking(kind, 'port');
  return kind === 'TCP' ? { kind, port } : { kind, port, path };
}

function lacking(kind: Landfall.SignOfLifeKind, what: string): never {
  throw ApiError.validation(`A sign of life by ${kind} needs a ${what}.`, {
    reason: 'fieldValidationFailed',
    fieldList: [{ name: 'signsOfLife', message: `a ${what} is missing` }],
  });
}

function showSchedule(
  server: SourceServerRecord,
  latest: BootProofRecord | undefined,
): Landfall.BootProofSchedule {
  const { intervalHours, signsOfLife, lifeTimeoutSeconds, proofBeforeCutover } = bootProofScheduleOf(server);
  return {
    ...{ sourceServerID: server.sourceServerId, intervalHours, signsOfLife },
    ...{ lifeTimeoutSeconds, proofBeforeCutover, nextDateTime: nextDateTime(server, latest) },
  };
}

function nextDateTime(server: SourceServerRecord, latest: BootProofRecord | undefined): string | undefined {
  const nextAtMs = isReplicating(server) ? nextBootProofAtMs(server, latest) : undefined;
  return nextAtMs === undefined ? undefined : isoDateTime(nextAtMs);
}

function showBootProof({ reports }: Service, proof: BootProofRecord): Landfall.BootProofItem {
  const { bootProofId, sourceServerId, state, trigger, attempts, reason, attempt, error, kept } = proof;
  const host = reports.last('launch-host', kept?.launchHostId ?? null)?.report;
  const isPrepared = host?.keptConversions?.some(({ name }) => name === kept?.name) ?? false;
  const { recoveryPoint: point, verdict } = attempt ?? {};
  return {
    ...{ bootProofID: bootProofId, sourceServerID: sourceServerId, state, trigger, attempts, reason },
    createdDateTime: isoDateTime(proof.createdAtMs),
    endedDateTime: proof.endedAtMs === undefined ? undefined : isoDateTime(proof.endedAtMs),
    ...(point === undefined
      ? {}
      : {
          recoveryPoint: {
            ...{ epoch: point.epoch, consistency: point.consistency },
            cutDateTime: isoDateTime(point.cutTimeMs),
          },
        }),
    ...{ machineID: attempt?.machineId, launchHostID: attempt?.launchHostId, isPrepared, error },
    ...{ sign: verdict?.life?.sign, seen: verdict?.life?.detail },
    ...{ conversionMs: verdict?.conversionMs, bootMs: verdict?.bootMs },
  };
}
