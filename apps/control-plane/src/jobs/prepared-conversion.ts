/** A launch of a verified point begins with the conversion of its proof of boot, or says why not. */
import type { MachineSpecification, MachineStatus } from '@landfall/channel';
import type { RecoveryPoint } from '@landfall/model';
import type { VerifiedPoint } from '../boot-proofs/verified-points.ts';

/** What the launch host is asked for besides; what does not fit it converts. */
export function preparedBy(
  verified: Pick<VerifiedPoint, 'kept'> | undefined,
  sourceServerId: string,
  { epoch, cutTimeMs }: Pick<RecoveryPoint, 'epoch' | 'cutTimeMs'>,
): Pick<MachineSpecification, 'recoveryPoint' | 'preparedConversion'> {
  const recoveryPoint = { sourceServerId, epoch, cutTimeMs };
  const name = verified?.kept?.name;
  return name === undefined ? { recoveryPoint } : { recoveryPoint, preparedConversion: name };
}

/** For the log of the job; `undefined`: nobody could expect a conversion that is done. */
export function tellConversion(
  verified: Pick<VerifiedPoint, 'kept'> | undefined,
  { preparedConversion: prepared }: Pick<MachineStatus, 'preparedConversion'>,
): string | undefined {
  if (verified === undefined) return undefined;
  if (verified.kept === undefined)
    return 'converted anew: what its proof of boot had left is not kept any more';
  // A launch host of before this was told.
  if (prepared === undefined) return undefined;
  if (prepared.isUsed) return 'not converted again: the conversion of its proof of boot was used';
  return `converted anew: that of its proof of boot was not used, ${prepared.reason ?? 'for no known reason'}`;
}
