import assert from 'node:assert/strict';
import test from 'node:test';
import { matchRoute, refuseUnknown } from './route.ts';

test('an operation that only newer clients know is refused by name, with an exception its model has', () => {
  const path = '/network-migration/GetNetworkMigrationDefinition';
  assert.equal(matchRoute('mgn', 'POST', path), undefined);
  const refusal = refuseUnknown('mgn', 'POST', path);
  assert.deepEqual([refusal.name, refusal.status], ['AccessDeniedException', 403]);
  assert.match(refusal.message, /does not offer GetNetworkMigrationDefinition/);
  const enrichment = refuseUnknown('mgn', 'POST', '/network-migration/StartImportFileEnrichment');
  assert.deepEqual([enrichment.name, enrichment.members.reason], ['ValidationException', 'unknownOperation']);
  for (const [service, method, rawPath] of [
    ['landfall', 'POST', path],
    ['mgn', 'GET', path],
    ['mgn', 'POST', '/constructor'],
  ] as const) {
    const unknown = refuseUnknown(service, method, rawPath);
    assert.equal(unknown.members.reason, 'unknownOperation');
    assert.match(unknown.message, /no operation at this method and path/);
  }
});
