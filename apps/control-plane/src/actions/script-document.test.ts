import assert from 'node:assert/strict';
import test from 'node:test';
import { READY_MADE_DOCUMENTS } from './ready-made-documents.ts';
import { complaintAbout, fillParameters, renderScript } from './script-document.ts';

function document(script: string, ...names: string[]) {
  return { name: 'test', script, parameters: names.map((name) => ({ name })) };
}

test('a parameter in braces becomes a variable, never a value', () => {
  assert.equal(
    renderScript('#!/bin/sh\necho "{{ a }}" {{b}}'),
    ['#!/bin/sh', 'echo "${LANDFALL_PARAMETER_a}" ${LANDFALL_PARAMETER_b}'].join('\n'),
  );
});

for (const [what, script, complaint] of [
  ['no interpreter', 'echo hi', /first line must name the interpreter/],
  ['an undeclared parameter', '#!/bin/sh\necho {{b}}', /uses \{\{b\}\}, which it does not declare/],
  [
    'a parameter in braces outside a shell',
    '#!/usr/bin/python3\nprint("{{a}}")',
    /only a shell fills in \{\{a\}\}/,
  ],
  ['a zero byte', '#!/bin/sh\n\0', /zero byte/],
  ['Windows lines', '#!/bin/sh\r\necho', /those of Windows/],
] as const) {
  test(`a script with ${what} is refused`, () => {
    assert.match(complaintAbout(document(script, 'a')) ?? '', complaint);
  });
}

test('scripts of other interpreters, and texts that only look like parameters, are fine', () => {
  assert.equal(complaintAbout(document('#!/usr/bin/python3\nprint(1)', 'a')), undefined);
  assert.equal(
    complaintAbout(document("#!/usr/bin/env bash\ndocker ps --format '{{.Names}}' {{a}}", 'a')),
    undefined,
  );
});

test('values come from the action or the default, and none is missing or unknown', () => {
  const declared = {
    ...document('#!/bin/sh\n', 'a'),
    parameters: [{ name: 'a' }, { name: 'b', defaultValue: 'B' }],
  };
  assert.deepEqual(fillParameters(declared, { a: '1' }), { a: '1', b: 'B' });
  assert.deepEqual(fillParameters(declared, { a: '', b: '' }), { a: '', b: '' });
  assert.throws(() => fillParameters(declared, {}), {
    code: 'POST_LAUNCH_INVALID',
    message: /needs a value .* a$/,
  });
  assert.throws(() => fillParameters(declared, { a: '1', c: '2' }), { message: /has no parameter c/ });
  assert.throws(() => fillParameters(declared, { a: 'x\0' }), { message: /zero byte/ });
});

test('what is ready-made keeps to the rules', () => {
  for (const ready of READY_MADE_DOCUMENTS) assert.equal(complaintAbout(ready), undefined, ready.name);
});
