/** By which firmware a launched machine is to start, pure. */
import type { MachineSpecification } from '@landfall/channel';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';

/**
 * `USE_SOURCE`: as the source was started when its agent reported it last. Where it did not, as an older
 * agent, the launch host finds out by the disks.
 */
export function bootModeFor({
  launchConfiguration,
  sourceProperties,
}: Pick<SourceServerRecord, 'launchConfiguration' | 'sourceProperties'>): MachineSpecification['bootMode'] {
  const { bootMode } = launchConfiguration;
  return bootMode === 'USE_SOURCE' ? (sourceProperties.bootMode ?? bootMode) : bootMode;
}
