/**
 * Every operation of `mgn` and `landfall` with every single damage that the shapes allow: each member at each
 * depth missing, null, of another type, too long, too short, against its pattern, out of its range, and so
 * on. What the shape forbids is refused as that, by the path of the member; the rest must keep to the rules
 * of `hostile-answers.testing.ts`. Most go straight into the routes, every `SOCKET_SHARE`-th over TLS as
 * well, where the answer must be the same. `LANDFALL_API_SOCKET=1`: all of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyOperation, allOperations, BODY_BYTES_MAX, encodeInput } from '@landfall/api';
import { type Damage, damagedInputsOf } from '@landfall/api/testing';
import { type InjectedAnswer, injectInto, type SendSigned, sendTo } from '../testing/injected-requests.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { checkJsonAnswer } from './hostile-answers.testing.ts';

const SOCKET_SHARE = process.env.LANDFALL_API_SOCKET === '1' ? 1 : 50;

for (const service of ['mgn', 'landfall'] as const) {
  test(`each single damage of each member of ${service} is refused as what it is`, async (t) => {
    const plane = await startTestControlPlane(t);
    await plane.api.mgn('InitializeService', {});
    const inject = await injectInto(t, plane);
    const overTls = sendTo(t, plane);
    const counts = new Map<string, number>();
    let sent = 0;
    let overSocket = 0;
    for (const operation of allOperations(service)) {
      for (const damage of damagedInputsOf(operation)) {
        const name = checkDamage(operation, damage, await send(inject, operation, damage));
        if (sent % SOCKET_SHARE === 0) {
          const again = await send(overTls, operation, damage);
          if (damage.isForbidden) assert.equal(checkDamage(operation, damage, again), name);
          else checkJsonAnswer(operation, again);
          overSocket += 1;
        }
        sent += 1;
        counts.set(damage.kind, (counts.get(damage.kind) ?? 0) + 1);
      }
    }
    const kinds = [...counts].map(([kind, count]) => `${kind} ${count}`).sort();
    t.diagnostic(`requests: ${sent}, over TLS as well ${overSocket}; ${kinds.join(', ')}`);
    assert.ok(sent > 2000);
  });
}

function send(to: SendSigned, operation: AnyOperation, { input }: Damage): Promise<InjectedAnswer> {
  const encoded = encodeInput(operation as never, input as never);
  const { service, method } = operation;
  const { rawPath, rawQuery, body, headers } = encoded;
  return to({ service, method, rawPath, rawQuery, body, headers });
}

function checkDamage(operation: AnyOperation, damage: Damage, answer: InjectedAnswer): string {
  const name = checkJsonAnswer(operation, answer);
  if (!damage.isForbidden) return name;
  const told = `${operation.name} ${damage.kind} ${damage.path}: ${answer.status} ${answer.text.slice(0, 500)}`;
  assert.deepEqual([answer.status, name], [400, 'ValidationException'], told);
  const { reason, fieldList } = JSON.parse(answer.text);
  if (JSON.stringify(damage.input).length > BODY_BYTES_MAX) {
    assert.equal(reason, 'cannotParse', told);
    return name;
  }
  assert.equal(reason, 'fieldValidationFailed', told);
  const names: readonly string[] = fieldList.map((field: { name: string }) => field.name);
  assert.ok(
    names.some((one) => one.startsWith(damage.path)),
    told,
  );
  return name;
}
