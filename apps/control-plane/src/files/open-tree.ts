/** Opens a recovery point for reading files: an export with a lease, and an appliance on a launch host. */
import { ApiError } from '@landfall/api';
import type { FileSystemFacts } from '@landfall/channel';
import type { RecoveryPoint } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import { chooseLaunchHost } from '../jobs/choose-launch-host.ts';
import { askProgram } from '../operations/ask-program.ts';
import { selectPoint } from '../operations/point-selector.ts';
import { keeperOf } from '../operations/recovery-points.ts';
import type { Service } from '../service.ts';
import type { OpenTree } from './open-trees.ts';

export interface ReadyTree extends OpenTree {
  readonly point: RecoveryPoint;
  readonly filesystems: readonly FileSystemFacts[];
  readonly host: { readonly role: 'launch-host'; readonly programId: string };
  /** The export would end by itself otherwise. */
  renew(): Promise<void>;
}

/** Longer than a launch host keeps an appliance that nobody uses. */
const LEASE_MS = 10 * 60_000;
/** A client waits about a minute for an answer. */
const OPENING_MS = 40_000;

/** Errors: ResourceNotFoundException, ConflictException with the code of what went wrong. */
export async function openTree(
  service: Service,
  request: { readonly sourceServerID: string; readonly at?: string | undefined },
): Promise<ReadyTree> {
  const { sourceServerId, to } = await keeperOf(service, request.sourceServerID);
  const keeper = { sourceServerId, replicationServerId: to.programId };
  const last = request.at === undefined ? service.trees.lastOf(sourceServerId) : undefined;
  const at =
    last === undefined
      ? await selectPoint(service, keeper, request.at)
      : ({ kind: 'EPOCH', epoch: last.epoch } as const);
  const point = await askProgram(service, to, 'resolveRecoveryPoint', { sourceServerId, at });
  const { epoch } = point;
  const treeId = `files-${sourceServerId}-${epoch}`;
  const launchHostId = service.trees.find(treeId)?.launchHostId ?? (await launchHostIdOf(service));
  const openExport = () =>
    askProgram(service, to, 'openExport', { exportId: treeId, sourceServerId, epoch, leaseMs: LEASE_MS });
  const { disks } = await openExport();
  const host = { role: 'launch-host', programId: launchHostId } as const;
  const filesystems = await untilReady(service, () =>
    askProgram(service, host, 'openFiles', { treeId, disks }),
  );
  const tree = { treeId, sourceServerId, epoch, launchHostId };
  service.trees.use(tree);
  const renew = async () => {
    service.trees.use(tree);
    await openExport();
  };
  return { ...tree, point, filesystems, host, renew };
}

async function untilReady(
  { clock }: Service,
  ask: () => Promise<{
    readonly state: 'OPENING' | 'READY';
    readonly filesystems: readonly FileSystemFacts[];
  }>,
): Promise<readonly FileSystemFacts[]> {
  const deadlineMs = clock.nowMs() + OPENING_MS;
  do {
    const { state, filesystems } = await ask();
    if (state === 'READY') return filesystems;
  } while (clock.nowMs() < deadlineMs);
  const message = 'the launch host is still opening this recovery point: ask again';
  throw ApiError.conflict(`FILES_OPENING: ${message}`, { errors: [{ code: 'FILES_OPENING', message }] });
}

async function launchHostIdOf(service: Service): Promise<string> {
  try {
    return (await chooseLaunchHost(service)).programId;
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const { code, message } = error;
    throw ApiError.conflict(`${code}: ${message}`, { errors: [{ code, message }] });
  }
}
