/** The operating errors of the journal, each in one place with what to do about it. */
import { type ErrorContext, formatBytes, OperationError, systemErrorCode } from '@landfall/runtime';
import type { RecoveryPointList } from './points/recovery-points.ts';

export interface Damage {
  /** Path of the file, relative to the group folder. */
  readonly path: string;
  readonly positionBytes: number;
  readonly what: string;
  readonly epoch?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The journal itself (not the content of one extent) cannot be trusted: nothing is guessed, it is not opened.
 */
export function journalDamaged(damage: Damage): OperationError {
  const epoch = damage.epoch === undefined ? '' : ` (epoch ${damage.epoch})`;
  return new OperationError(
    'JOURNAL_DAMAGED',
    `the journal file ${damage.path} is damaged at byte ${damage.positionBytes}${epoch}: ${damage.what}`,
    {
      hint: 'check the staging storage; restore the file, or discard the journal and replicate anew',
      context: { path: damage.path, positionBytes: damage.positionBytes, epoch: damage.epoch },
      cause: damage.cause,
    },
  );
}

export function versionUnsupported(
  path: string,
  document: { readonly version?: unknown; readonly requires?: unknown },
  newestKnown: number,
): OperationError {
  const found = `version ${String(document.version)}, features ${JSON.stringify(document.requires)}`;
  return new OperationError(
    'JOURNAL_VERSION_UNSUPPORTED',
    `${path} is in a format this program does not know: ${found}; it knows versions up to ${newestKnown}`,
    { hint: 'run a release at least as new as the one that wrote this journal', context: { path } },
  );
}

export interface ExtentDamage extends Damage {
  readonly diskIndex: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * Bytes of one extent are not what the agent sent (J6): named by disk, offset and epoch, never handed out.
 */
export function extentDamaged(damage: ExtentDamage): OperationError {
  const { diskIndex, offsetBytes, lengthBytes, path, positionBytes, epoch } = damage;
  const range = `offset ${offsetBytes}, length ${lengthBytes}`;
  const where = `disk ${diskIndex}, ${range}, epoch ${epoch ?? 'unknown'}`;
  return new OperationError(
    'EXTENT_DAMAGED',
    `the extent at ${where} is damaged: ${damage.what} (${path} at byte ${positionBytes})`,
    {
      hint: 'check storage and memory of the replication server; a rescan replaces damaged blocks',
      context: { diskIndex, offsetBytes, lengthBytes, epoch, path, positionBytes },
      cause: damage.cause,
    },
  );
}

export function stagingFull(context: ErrorContext, cause?: unknown): OperationError {
  const free = typeof context.freeBytes === 'number' ? `: ${formatBytes(context.freeBytes)} are free` : '';
  return new OperationError('STAGING_FULL', `the staging volume has no space for this epoch${free}`, {
    hint: 'free space or add storage to the replication server; replication goes on, nothing is lost',
    retryable: false,
    context,
    cause,
  });
}

export function journalLimitReached(context: {
  readonly usedBytes: number;
  readonly limitBytes: number;
}): OperationError {
  const { usedBytes, limitBytes } = context;
  const message = `the journal takes ${formatBytes(usedBytes)}, and ${formatBytes(limitBytes)} is the limit of its server`;
  return new OperationError('JOURNAL_LIMIT_REACHED', message, {
    hint:
      'raise the limit (`landfall journal limit`), or keep less: unpin points, shorten tiers; ' +
      'replication goes on by itself, nothing is lost',
    retryable: false,
    context,
  });
}

const NO_SPACE_CODES: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * What a failed read, write or sync means: STAGING_FULL, JOURNAL_STORAGE_FAILED, or the operation error it
 * already is.
 */
export function storageFailure(error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  const code = systemErrorCode(error);
  if (NO_SPACE_CODES.has(code)) return stagingFull({ systemError: code }, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new OperationError('JOURNAL_STORAGE_FAILED', `the staging storage failed: ${reason}`, {
    hint: 'check the staging volume (kernel log, mount state); the epoch is sent again once it works',
    context: { systemError: code },
    cause: error,
  });
}

/** The storage says that it lost these bytes, and not that it cannot be asked. */
export function isUnreadable(error: unknown): boolean {
  return systemErrorCode(error) === 'EIO';
}

export function epochRefused(message: string, context: ErrorContext): OperationError {
  return new OperationError('EPOCH_REFUSED', message, {
    hint: 'the sender and this journal disagree: reconnect, so that they agree on the newest epoch again',
    context,
  });
}

export function pointMissing(epoch: number, points: RecoveryPointList): OperationError {
  const { oldest, newest } = points;
  const range = oldest === undefined ? 'there is none yet' : `there are ${oldest.epoch} to ${newest?.epoch}`;
  return new OperationError('RECOVERY_POINT_MISSING', `there is no recovery point ${epoch}: ${range}`, {
    hint: 'choose one of the listed recovery points',
    context: { epoch, oldestEpoch: oldest?.epoch, newestEpoch: newest?.epoch },
  });
}

export function viewsOpen(views: number): OperationError {
  return new OperationError(
    'JOURNAL_IN_USE',
    `the journal cannot be discarded: ${views} views of it are open`,
    {
      hint: 'end the launches and exports that use this server, then discard it again',
      context: { views },
    },
  );
}

export function pointsLocked(epochs: readonly number[]): OperationError {
  const which = epochs.length === 1 ? `point ${epochs[0]} is` : `${epochs.length} points are`;
  return new OperationError('RECOVERY_POINT_LOCKED', `the journal cannot be discarded: ${which} locked`, {
    hint: 'wait until the locks end: nobody can remove a locked recovery point before',
    context: { epochs: epochs.slice(0, 10).join(', ') },
  });
}
