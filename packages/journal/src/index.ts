export type { EncryptionSettings } from './data-keys.ts';
export { type KeySource, parseKeySource, wrappingKeysOf } from './encryption-keys.ts';
export { addKeyToFile, createKeyFile } from './file-wrapping-keys.ts';
export type { JournalFile, JournalFiles } from './journal-files.ts';
export { JournalGroup, type JournalView } from './journal-group.ts';
export type { JournalRetention } from './journal-retention.ts';
export { holdsEncryptedJournals } from './journal-storage.ts';
export type { MaintenanceStep, RetentionSettings } from './maintenance.ts';
export type { JournalDisk } from './manifest.ts';
export {
  discardJournalGroup,
  type JournalGroupSettings,
  type OpenJournalGroupOptions,
  openJournalGroup,
  openJournalGroupOn,
} from './open-journal-group.ts';
export type { PointLock, PointPin } from './points-document.ts';
export type { RecoveryPointQuery } from './recovery-points.ts';
export { checkTiers } from './retention-policy.ts';
export type { DamagedRange, DamageKind, JournalDamage } from './scrub/journal-damage.ts';
export { JournalScrub, type ScrubStatus } from './scrub/journal-scrub.ts';
export { checkSeedable, SeedDevice } from './seed-device.ts';
export { spaceBound } from './space/space-bound.ts';
export { forecastSpace, type SpaceBound, type SpaceSample } from './space/space-forecast.ts';
export { SpaceSeries } from './space/space-series.ts';
export { STAGING_RESERVE_BYTES } from './staging-space.ts';
export type { WrappingKeys } from './wrapping-keys.ts';
