export { checkSeedable, SeedDevice } from './base/seed-device.ts';
export type { MaintenanceStep, RetentionSettings } from './compaction/maintenance.ts';
export type { JournalDisk } from './documents/manifest.ts';
export type { EncryptionSettings } from './encryption/data-keys.ts';
export { type KeySource, parseKeySource, wrappingKeysOf } from './encryption/encryption-keys.ts';
export { addKeyToFile, createKeyFile } from './encryption/file-wrapping-keys.ts';
export type { WrappingKeys } from './encryption/wrapping-keys.ts';
export { JournalGroup } from './group/journal-group.ts';
export {
  discardJournalGroup,
  type JournalGroupSettings,
  type OpenJournalGroupOptions,
  openJournalGroup,
  openJournalGroupOn,
} from './group/open-journal-group.ts';
export type { JournalRetention } from './points/journal-retention.ts';
export type { PointLock, PointPin } from './points/points-document.ts';
export type { RecoveryPointQuery } from './points/recovery-points.ts';
export { checkTiers } from './points/retention-policy.ts';
export type { DamagedRange, DamageKind, JournalDamage } from './scrub/journal-damage.ts';
export { JournalScrub, type ScrubStatus } from './scrub/journal-scrub.ts';
export { spaceBound } from './space/space-bound.ts';
export { forecastSpace, type SpaceBound, type SpaceSample } from './space/space-forecast.ts';
export { SpaceSeries } from './space/space-series.ts';
export { STAGING_RESERVE_BYTES } from './space/staging-space.ts';
export type { JournalFile, JournalFiles } from './storage/journal-files.ts';
export { holdsEncryptedJournals } from './storage/journal-storage.ts';
export type { JournalView } from './views/journal-view.ts';
