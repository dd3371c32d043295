/**
 * Every operation of EC2 and STS with every single damage of each parameter. All are forbidden, so all are
 * refused, in well-formed XML; every `SOCKET_SHARE`-th is sent over TLS as well (`LANDFALL_API_SOCKET=1`:
 * all of them).
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EC2_OPERATION_NAMES, EC2_VERSION, ec2Operation, STS_OPERATIONS } from '@landfall/api';
import { damagedParametersOf, type Parameters } from '@landfall/api/testing';
import { injectInto, type SendSigned, sendTo } from '../testing/injected-requests.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { checkXmlAnswer } from './hostile-answers.testing.ts';

const SOCKET_SHARE = process.env.LANDFALL_API_SOCKET === '1' ? 1 : 50;
const STS_VERSION = '2011-06-15';

interface Query {
  readonly service: 'ec2' | 'sts';
  readonly name: string;
  readonly kind: string;
  readonly path: string;
  readonly parameters: Parameters;
}

test('each single damage of each parameter of EC2 is refused', async (t) => {
  const queries = EC2_OPERATION_NAMES.flatMap((name) =>
    damagedParametersOf(ec2Operation(name).input).map(
      (damage): Query => ({ service: 'ec2', name, ...damage }),
    ),
  );
  assert.ok(queries.length > 2000);
  await refuseAll(t, queries);
});

/** Right ones; what else a parameter may not be. */
const STS_PARAMETERS: Readonly<
  Record<string, { readonly right: string; readonly wrong: readonly string[] }>
> = {
  RoleArn: {
    right: 'arn:aws:iam::000000000000:role/nobody',
    wrong: ['', 'nobody', 'arn:aws:iam::1:role/x', `arn:aws:iam::000000000000:role/${'x'.repeat(3000)}`],
  },
  RoleSessionName: {
    right: 'night-shift',
    wrong: ['', 'x', 'two words', 'x'.repeat(65), 'a\u0000b', '\uffff'],
  },
  DurationSeconds: { right: '900', wrong: ['', '0', '-900', '899', '1e3', '900.5', '9'.repeat(400), 'x'] },
};

function stsQueries(): readonly Query[] {
  return Object.entries(STS_OPERATIONS).flatMap(([name, known]) => {
    const full = Object.fromEntries(known.map((path) => [path, STS_PARAMETERS[path]?.right ?? '']));
    const query = (kind: string, path: string, parameters: Parameters): Query => {
      return { service: 'sts', name, kind, path, parameters };
    };
    const extra = ['Policy', 'SerialNumber', 'NobodyKnowsIt', '__proto__', 'Tags.member.1.Key', ''].map(
      (path) => query('EXTRA_PARAMETER', path, Object.fromEntries([...Object.entries(full), [path, 'x']])),
    );
    const damaged = known.flatMap((path) => [
      ...(STS_PARAMETERS[path]?.wrong ?? []).map((text) => query('WRONG', path, { ...full, [path]: text })),
      query('EXTRA_PARAMETER', `${path}.1`, { ...full, [`${path}.1`]: 'x' }),
    ]);
    return [...extra, ...damaged];
  });
}

test('each single damage of each parameter of STS is refused', async (t) => {
  await refuseAll(t, stsQueries());
});

async function refuseAll(t: TestContext, queries: readonly Query[]): Promise<void> {
  const plane = await startTestControlPlane(t);
  const inject = await injectInto(t, plane);
  const overTls = sendTo(t, plane);
  const counts = new Map<string, number>();
  for (const [index, query] of queries.entries()) {
    const code = await refuse(inject, query);
    if (index % SOCKET_SHARE === 0) assert.equal(await refuse(overTls, query), code);
    counts.set(query.kind, (counts.get(query.kind) ?? 0) + 1);
  }
  const kinds = [...counts].map(([kind, count]) => `${kind} ${count}`).sort();
  const overSocket = Math.ceil(queries.length / SOCKET_SHARE);
  t.diagnostic(`requests: ${queries.length}, over TLS as well ${overSocket}; ${kinds.join(', ')}`);
}

async function refuse(to: SendSigned, { service, name, kind, path, parameters }: Query): Promise<string> {
  const Version = service === 'ec2' ? EC2_VERSION : STS_VERSION;
  const pairs = [...Object.entries(parameters), ['Action', name], ['Version', Version]] as [string, string][];
  const body = new URLSearchParams(pairs).toString();
  const answer = await to({ service, method: 'POST', rawPath: '/', body });
  const code = checkXmlAnswer(name, answer);
  assert.notEqual(code, 'OK', `${name} took ${kind} of ${path}`);
  return code;
}
