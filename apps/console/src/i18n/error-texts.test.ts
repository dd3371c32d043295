import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { ERROR_CODES, type ErrorCode } from '@landfall/model';
import { knownError } from './error-texts.ts';
import { KO_ERRORS } from './ko/errors/index.ts';

const ROOT = new URL('../../../../', import.meta.url).pathname;
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
/** Their errors stay on the terminal. */
const NOT_ANSWERED =
  /^(apps\/(cli|console)|packages\/(model|simulation))\/|\/testing\/|\.(test|testing|fuzz)\.ts$/;

/** Codes in the sources of the control plane and of the programs whose errors it hands on. */
function codesOfAnswers(): readonly ErrorCode[] {
  const sources = globSync('{apps,packages}/*/src/**/*.ts', { cwd: ROOT });
  const text = sources
    .filter((path) => !NOT_ANSWERED.test(path))
    .map((path) => readFileSync(`${ROOT}${path}`, 'utf8'))
    .join('\n');
  return CODES.filter((code) => text.includes(`'${code}'`));
}

test('every error that the control plane can answer is told in Korean', () => {
  const codes = codesOfAnswers();
  assert.ok(codes.length > 100);
  const hint = 'say it in apps/console/src/i18n/ko/errors';
  assert.deepEqual(
    codes.filter((code) => KO_ERRORS[code] === undefined),
    [],
    hint,
  );
});

test('what is told in Korean is Korean, and names the same commands, options and files', () => {
  for (const [code, { meaning, remedy }] of Object.entries(KO_ERRORS)) {
    for (const text of [meaning, remedy]) assert.match(text, /[가-힣].*[.)]$|--template template0$/, code);
    const english = ERROR_CODES[code as ErrorCode];
    assert.deepEqual(literalsOf(remedy), literalsOf(english.remedy), code);
  }
});

/** Commands in backticks, options, and files by their names: never translated. */
function literalsOf(text: string): readonly string[] {
  const pattern = /`[^`]+`|--[a-z][a-z-]*|\b[\w-]+\.(?:json|log|md|pem)\b|https?:\/\/[\w[\]:@/]+/g;
  return [...text.matchAll(pattern)].map(([literal]) => literal.replace(/\.$/, '')).sort();
}

test('the code that a text begins with or names brings its remedy, and only a registered one', () => {
  for (const code of CODES) {
    const { remedy } = ERROR_CODES[code];
    assert.deepEqual(knownError(`${code}: something`, {}), { code, meaning: undefined, remedy });
    assert.equal(knownError(code, {})?.code, code);
  }
  assert.equal(knownError('the agent said STAGING_FULL again', {})?.code, 'STAGING_FULL');
  for (const text of ['MADE_UP_CODE: x', 'the link is DISCONNECTED now', 'nothing', '', 'toString: x'])
    assert.equal(knownError(text, {}), undefined, text);
});

test('English stays where nothing is said in the language of the page', () => {
  const { meaning, remedy } = KO_ERRORS.STAGING_FULL ?? {};
  assert.deepEqual(knownError('STAGING_FULL: x', KO_ERRORS), { code: 'STAGING_FULL', meaning, remedy });
  const english = knownError('TESTS_FAILED: x', KO_ERRORS);
  assert.deepEqual(english, {
    code: 'TESTS_FAILED',
    meaning: undefined,
    remedy: ERROR_CODES.TESTS_FAILED.remedy,
  });
});
