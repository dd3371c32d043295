import assert from 'node:assert/strict';
import test from 'node:test';
import type { Mgn } from '@landfall/api/types';
import { ERROR_CODES } from '@landfall/model';
import { knownError } from '../../i18n/error-texts.ts';
import { lockedServers } from './locked-servers.ts';

function stalled(sourceServerID: string, rawError?: string): Mgn.SourceServer {
  return { sourceServerID, dataReplicationInfo: { dataReplicationError: { rawError } } };
}

test('servers that wait for a key are told from those that wait for something else', () => {
  const cause = 'ENCRYPTION_KEY_MISSING: the key k-1 is not there';
  const servers = [
    stalled('s-1', cause),
    stalled('s-2', 'STAGING_FULL: no room'),
    stalled('s-3', 'ENCRYPTION_OF_SOMETHING: not one of ours'),
    stalled('s-4'),
    { sourceServerID: 's-5' },
  ];
  const found = lockedServers(servers, (text) => knownError(text, {}));
  const { remedy } = ERROR_CODES.ENCRYPTION_KEY_MISSING;
  assert.deepEqual(found, [
    { sourceServerID: 's-1', name: 's-1', code: 'ENCRYPTION_KEY_MISSING', cause, remedy },
  ]);
});
