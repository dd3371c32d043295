import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from './api-error.ts';
import { LANDFALL_MODEL } from './landfall/landfall-model.ts';
import { decodeInput } from './messages/decode-input.ts';
import { encodeInput } from './messages/encode-input.ts';
import { confusedInputOf, inputOf, mutantsOf } from './messages/generated-inputs.testing.ts';
import { validateInput } from './messages/validate-input.ts';
import { MGN_MODEL } from './mgn-model.generated.ts';
import { type AnyOperation, allOperations } from './operations.ts';
import { matchRoute } from './route.ts';
import type { ServiceModel } from './service-model.ts';

const RUNS = Number(process.env.LANDFALL_API_RUNS ?? 25);

/**
 * From the fact page of the public API, independent of the generator. U V A N C Q T I: the modelled errors.
 */
const FACTS = `
InitializeService POST /InitializeService 204 AV
DescribeSourceServers POST /DescribeSourceServers 200 UV
UpdateSourceServer POST /UpdateSourceServer 200 CNU i
DeleteSourceServer POST /DeleteSourceServer 204 CNU i
DisconnectFromService POST /DisconnectFromService 200 CNU
MarkAsArchived POST /MarkAsArchived 200 CNU
StartReplication POST /StartReplication 200 CNQUV
StopReplication POST /StopReplication 200 CNQUV
PauseReplication POST /PauseReplication 200 CNQUV
ResumeReplication POST /ResumeReplication 200 CNQUV
RetryDataReplication POST /RetryDataReplication 200 NUV
CreateReplicationConfigurationTemplate POST /CreateReplicationConfigurationTemplate 201 AUV
UpdateReplicationConfigurationTemplate POST /UpdateReplicationConfigurationTemplate 200 ANUV
DescribeReplicationConfigurationTemplates POST /DescribeReplicationConfigurationTemplates 200 NUV
DeleteReplicationConfigurationTemplate POST /DeleteReplicationConfigurationTemplate 204 CNU i
GetReplicationConfiguration POST /GetReplicationConfiguration 200 NU
UpdateReplicationConfiguration POST /UpdateReplicationConfiguration 200 ACNUV i
CreateLaunchConfigurationTemplate POST /CreateLaunchConfigurationTemplate 201 AUV
UpdateLaunchConfigurationTemplate POST /UpdateLaunchConfigurationTemplate 200 ANUV
DescribeLaunchConfigurationTemplates POST /DescribeLaunchConfigurationTemplates 200 NUV
DeleteLaunchConfigurationTemplate POST /DeleteLaunchConfigurationTemplate 204 CNU i
GetLaunchConfiguration POST /GetLaunchConfiguration 200 NU
UpdateLaunchConfiguration POST /UpdateLaunchConfiguration 200 CNUV i
StartTest POST /StartTest 202 CUV
StartCutover POST /StartCutover 202 CUV
ChangeServerLifeCycleState POST /ChangeServerLifeCycleState 200 CNUV
FinalizeCutover POST /FinalizeCutover 200 CNUV
TerminateTargetInstances POST /TerminateTargetInstances 202 CUV
DescribeJobs POST /DescribeJobs 200 UV
DescribeJobLogItems POST /DescribeJobLogItems 200 UV
DeleteJob POST /DeleteJob 204 CNU i
TagResource POST /tags/{resourceArn} 200 AINTV i
UntagResource DELETE /tags/{resourceArn} 200 AINTV i
ListTagsForResource GET /tags/{resourceArn} 200 AINTV
CreateApplication POST /CreateApplication 201 CQU i
UpdateApplication POST /UpdateApplication 200 CNU i
DeleteApplication POST /DeleteApplication 204 CNU i
ListApplications POST /ListApplications 200 U
ArchiveApplication POST /ArchiveApplication 200 CNQU
UnarchiveApplication POST /UnarchiveApplication 200 NQU
AssociateSourceServers POST /AssociateSourceServers 200 CNQU i
DisassociateSourceServers POST /DisassociateSourceServers 200 CNU i
CreateWave POST /CreateWave 201 CQU i
UpdateWave POST /UpdateWave 200 CNU i
DeleteWave POST /DeleteWave 204 CNU i
ListWaves POST /ListWaves 200 U
ArchiveWave POST /ArchiveWave 200 CNQU
UnarchiveWave POST /UnarchiveWave 200 NQU
AssociateApplications POST /AssociateApplications 200 CNQU i
DisassociateApplications POST /DisassociateApplications 200 CNU i
UpdateSourceServerReplicationType POST /UpdateSourceServerReplicationType 200 CNUV
DescribeVcenterClients GET /DescribeVcenterClients 200 NUV
DeleteVcenterClient POST /DeleteVcenterClient 204 NUV i
CreateConnector POST /CreateConnector 201 UV i
UpdateConnector POST /UpdateConnector 200 NUV i
DeleteConnector POST /DeleteConnector 204 NUV i
ListConnectors POST /ListConnectors 200 UV
ListManagedAccounts POST /ListManagedAccounts 200 UV
PutSourceServerAction POST /PutSourceServerAction 200 CNUV
ListSourceServerActions POST /ListSourceServerActions 200 NU
RemoveSourceServerAction POST /RemoveSourceServerAction 204 NUV
PutTemplateAction POST /PutTemplateAction 200 CNUV
ListTemplateActions POST /ListTemplateActions 200 NU
RemoveTemplateAction POST /RemoveTemplateAction 204 NUV
StartImport POST /StartImport 202 CNQUV
ListImports POST /ListImports 200 UV
ListImportErrors POST /ListImportErrors 200 UV
StartExport POST /StartExport 202 QUV
ListExports POST /ListExports 200 U
ListExportErrors POST /ListExportErrors 200 UV
`;

test('the operations are those of the fact page, with its paths, statuses, errors and traits', () => {
  const letters: Record<string, string> = {
    UninitializedAccountException: 'U',
    ValidationException: 'V',
    AccessDeniedException: 'A',
    ResourceNotFoundException: 'N',
    ConflictException: 'C',
    ServiceQuotaExceededException: 'Q',
    ThrottlingException: 'T',
    InternalServerException: 'I',
  };
  const lines = allOperations('mgn').map((operation) => {
    const { name, method, path, status, errors, idempotent } = operation;
    const codes = errors.map((error) => letters[error]).sort();
    return `${name} ${method} ${path} ${status} ${codes.join('')}${idempotent === true ? ' i' : ''}`;
  });
  assert.deepEqual(lines.sort(), FACTS.trim().split('\n').sort());
});

test('every shape that a model names exists, none contains itself, and patterns compile', () => {
  for (const model of [MGN_MODEL, LANDFALL_MODEL]) {
    for (const { input, output } of Object.values(model.operations)) {
      for (const name of [input, output]) if (name !== undefined) walk(model, name, []);
    }
  }
});

function walk(model: ServiceModel, name: string, above: readonly string[]): void {
  const shape = model.shapes[name];
  assert.ok(shape, `M1: ${name}`);
  assert.ok(!above.includes(name), `M4: ${above.join('.')}.${name}`);
  if (shape.type === 'string' && shape.pattern !== undefined) new RegExp(shape.pattern);
  const parts = shape.type === 'structure' ? Object.values(shape.members) : [];
  if (shape.type === 'structure') for (const key of shape.required ?? []) assert.ok(shape.members[key], key);
  if (shape.type === 'list') parts.push(shape.member);
  if (shape.type === 'map') parts.push(shape.key, shape.value);
  for (const part of parts) walk(model, part, [...above, name]);
}

const EVERY_OPERATION = [...allOperations('mgn'), ...allOperations('landfall')];

describe('every operation, with inputs generated from its shape', () => {
  for (const operation of EVERY_OPERATION) {
    test(`${operation.service} ${operation.name} takes good input and refuses what its shape forbids`, () => {
      fc.assert(fc.property(inputOf(operation), fc.nat(), checkOperation(operation)), { numRuns: RUNS });
    });

    test(`${operation.service} ${operation.name} takes or refuses any text, and never fails`, () => {
      const texts = fc.oneof(
        fc.json({ maxDepth: 4 }),
        fc.string({ unit: 'binary' }),
        confusedInputOf(operation),
      );
      fc.assert(
        fc.property(texts, fc.string(), (bodyText, query) => {
          const labels = { resourceArn: query };
          expectOnlyValidation(() =>
            validateInput(operation, decodeInput(operation, { labels, query, bodyText })),
          );
        }),
        { numRuns: RUNS },
      );
    });
  }
});

function checkOperation(operation: AnyOperation) {
  return (input: unknown, choice: number) => {
    assert.deepEqual(validateInput(operation, receive(operation, input)), input);
    const mutants = mutantsOf(operation, input);
    const start = choice % Math.max(1, mutants.length);
    for (const { path, value } of mutants.slice(start, start + 40)) expectRefusal(operation, path, value);
  };
}

/** Through the wire: what the client's encoder sends, as router and decoder understand it. */
function receive(operation: AnyOperation, input: unknown): unknown {
  const encoded =
    operation.service === 'mgn'
      ? encodeInput(operation, input as never)
      : encodeInput(operation, input as never);
  const route = matchRoute(operation.service, encoded.method, encoded.rawPath);
  assert.equal(route?.operation, operation);
  const { rawQuery: query, body: bodyText, headers } = encoded;
  const parts = { labels: route?.labels ?? {}, query, bodyText, headers };
  return decodeInput(operation, parts);
}

function expectRefusal(operation: AnyOperation, path: string, value: unknown): void {
  const error = thrownBy(() => validateInput(operation, value));
  assert.ok(error instanceof ApiError, `${path} should be refused: ${JSON.stringify(value)?.slice(0, 200)}`);
  assert.equal(error.name, 'ValidationException');
  assert.equal(error.members.reason, 'fieldValidationFailed');
  const fields = error.members.fieldList as readonly { name: string; message: string }[];
  assert.ok(fields.length > 0 && fields.every(({ message }) => message !== ''));
  assert.ok(
    fields.some(({ name }) => name.startsWith(path)),
    `${path} in ${JSON.stringify(fields)}`,
  );
}

function expectOnlyValidation(action: () => unknown): void {
  const error = thrownBy(action);
  if (error === undefined) return;
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.name, 'ValidationException');
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
