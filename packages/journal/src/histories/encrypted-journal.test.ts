/** The tests of the journal once more, over encrypted files. */
process.env.LANDFALL_JOURNAL_ENCRYPTED = '1';
await import('../group/change-disks.test.ts');
await import('./decoders.fuzz.test.ts');
await import('./every-failure.test.ts');
await import('../storage/file-journal-files.test.ts');
await import('./journal-damage.test.ts');
await import('../group/journal-group.test.ts');
await import('./journal-history.test.ts');
await import('./mixed-up-files.test.ts');
await import('./retention-history.test.ts');
