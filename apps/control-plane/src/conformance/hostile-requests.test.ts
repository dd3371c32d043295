/**
 * Requests generated from the shapes of every operation of both services: right ones, wrong in one place,
 * nonsense, broken JSON, giants; with ids that exist and ids that do not.
 *
 * What must hold of every answer: `hostile-answers.testing.ts`. Each single damage of each member, without
 * chance: `damaged-requests.test.ts`.
 */
import { type TestContext, test } from 'node:test';
import { type AnyOperation, allOperations, encodeInput } from '@landfall/api';
import { confusedInputOf, inputOf, mutantsOf } from '@landfall/api/testing';
import fc from 'fast-check';
import { type Inject, injectInto } from '../testing/injected-requests.ts';
import { startTestControlPlane, type TestControlPlane } from '../testing/test-control-plane.ts';
import { checkJsonAnswer } from './hostile-answers.testing.ts';

const RUNS = Number(process.env.LANDFALL_API_RUNS ?? 4);
const SEED = Number(process.env.LANDFALL_API_SEED ?? Math.trunc(performance.timeOrigin));
const GIANT_BYTES = 1024 * 1024 + 1;

type Ids = Readonly<Record<string, unknown>>;

/** Values of members that name something there is. */
async function makeThings({ api, current }: TestControlPlane): Promise<Ids> {
  await api.mgn('InitializeService', {});
  const { applicationID } = await api.mgn('CreateApplication', { name: 'shop' });
  const { waveID } = await api.mgn('CreateWave', { name: 'first' });
  const { connectorID, arn } = await api.mgn('CreateConnector', {
    ...{ name: 'site', ssmInstanceID: 'mi-0123456789abcdef0' },
  });
  const { service } = current();
  await service.objects.write({ bucket: 'b', key: 'in.csv' }, oneServer());
  const s3BucketSource = { s3Bucket: 'b', s3Key: 'in.csv' };
  const { importTask } = await api.mgn('StartImport', { s3BucketSource });
  const { exportTask } = await api.mgn('StartExport', { s3Bucket: 'b', s3Key: 'out.csv' });
  const template = await api.mgn('CreateLaunchConfigurationTemplate', {});
  return {
    ...{ applicationID, waveID, connectorID, s3BucketSource },
    ...{ importID: importTask?.importID, exportID: exportTask?.exportID },
    launchConfigurationTemplateID: template.launchConfigurationTemplateID,
    resourceArn: arn,
    accountID: undefined,
    nextToken: undefined,
  };
}

async function* oneServer() {
  yield 'mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework\nweb-1,web-1.example.org\n';
}

function withIds(input: unknown, ids: Ids): object {
  const entries = Object.entries(input as object).map(([name, value]) => [
    name,
    Object.hasOwn(ids, name) ? ids[name] : value,
  ]);
  return Object.fromEntries(entries);
}

test('no request makes any operation fail, tell of the inside, or leave its model', async (t) => {
  t.diagnostic(`seed ${SEED}: LANDFALL_API_SEED=${SEED}`);
  const plane = await startTestControlPlane(t);
  const things = await makeThings(plane);
  const { items: servers = [] } = await plane.api.mgn('DescribeSourceServers', {});
  const sourceServerID = servers[0]?.sourceServerID;
  const ids = { ...things, sourceServerID, sourceServerIDs: [sourceServerID] };
  const inject = await injectInto(t, plane);
  for (const service of ['mgn', 'landfall'] as const) {
    for (const operation of allOperations(service)) await attack(t, operation, { inject, ids });
  }
});

interface Target {
  readonly inject: Inject;
  readonly ids: Ids;
}

async function attack(t: TestContext, operation: AnyOperation, { inject, ids }: Target): Promise<void> {
  const seen = new Map<string, number>();
  const send = async (text: string, input: object | undefined) => {
    const encoded = input === undefined ? undefined : encodeInput(operation as never, input as never);
    const rawPath =
      encoded?.rawPath ??
      operation.path.replace(/\{\w+\}/, encodeURIComponent(text.slice(0, 99).toWellFormed()));
    const { method, service } = operation;
    const isPost = method === 'POST';
    const rawQuery = encoded?.rawQuery ?? (isPost ? '' : nonsenseQuery(text));
    const body = isPost ? (encoded?.body ?? text) : '';
    const { headers = {} } = encoded ?? {};
    const answer = await inject({ service, method, rawPath, rawQuery, body, headers });
    const name = checkJsonAnswer(operation, answer);
    seen.set(name, (seen.get(name) ?? 0) + 1);
  };
  const good = inputOf(operation);
  const requests = fc.oneof(
    good.map((input) => ({ text: '', input: input as object })),
    good.map((input) => ({ text: '', input: withIds(input, ids) })),
    fc.tuple(good, fc.nat()).map(([input, choice]) => {
      const mutants = mutantsOf(operation, input);
      const mutant = mutants[choice % Math.max(1, mutants.length)]?.value ?? {};
      return { text: JSON.stringify(mutant) ?? '', input: undefined };
    }),
    confusedInputOf(operation).map((text) => ({ text, input: undefined })),
    fc.string({ unit: 'binary' }).map((text) => ({ text, input: undefined })),
    fc
      .constantFrom('[', '{"a":', '[]', 'null', '7', '{'.repeat(2000))
      .map((text) => ({ text, input: undefined })),
  );
  await fc.assert(
    fc.asyncProperty(requests, ({ text, input }) => send(text, input)),
    { numRuns: RUNS, seed: SEED },
  );
  if (operation.method === 'POST') await send('x'.repeat(GIANT_BYTES), undefined);
  const outcomes = [...seen].map(([name, count]) => `${name} ${count}`).sort();
  t.diagnostic(`${operation.service} ${operation.name}: ${outcomes.join(', ')}`);
}

function nonsenseQuery(text: string): string {
  const value = encodeURIComponent(text.slice(0, 99).toWellFormed());
  return ['maxResults', 'nextToken', 'tagKeys', 'nobody'].map((name) => `${name}=${value}`).join('&');
}
