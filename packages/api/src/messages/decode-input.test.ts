import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError } from '../api-error.ts';
import { operations } from '../operations.ts';
import { BODY_BYTES_MAX, BODY_DEPTH_MAX, decodeInput } from './decode-input.ts';
import { validateInput } from './validate-input.ts';

const NO_LABELS = { labels: {}, query: '' };
const { DescribeSourceServers, InitializeService, StartTest, TagResource, UntagResource } = operations.mgn;

describe('bodies as clients send them', () => {
  test('the JavaScript SDK, the aws command and an empty body', () => {
    const examples: [string, unknown][] = [
      ['{}', {}],
      ['', {}],
      ['{"filters": {"isArchived": false}}', { filters: { isArchived: false } }],
      [
        '{"filters":{"lifeCycleStates":["TESTING"]},"maxResults":50}',
        { filters: { lifeCycleStates: ['TESTING'] }, maxResults: 50 },
      ],
      ['{"nextToken":null,"futureMember":{"a":[1]}}', {}],
    ];
    for (const [bodyText, expected] of examples) {
      const value = decodeInput(DescribeSourceServers, { ...NO_LABELS, bodyText });
      assert.deepEqual(validateInput(DescribeSourceServers, value), expected);
    }
    assert.deepEqual(decodeInput(InitializeService, { ...NO_LABELS, bodyText: '' }), {});
  });

  test('labels and query win over members of the same name in the body', () => {
    const labels = { resourceArn: 'arn:aws:mgn:eu-west-1:123456789012:job/mgnjob-0123456789abcdefA' };
    const bodyText = '{"resourceArn":"arn:other","tags":{"a":"b","__proto__":"c"}}';
    const tagged = validateInput(TagResource, decodeInput(TagResource, { labels, query: '', bodyText }));
    assert.equal(tagged.resourceArn, labels.resourceArn);
    assert.deepEqual(Object.entries(tagged.tags), [
      ['a', 'b'],
      ['__proto__', 'c'],
    ]);
    const query = 'tagKeys=a&tagKeys=b%20c&unknown=1';
    const untagged = decodeInput(UntagResource, { labels, query, bodyText: 'ignored' });
    assert.deepEqual(untagged, { ...labels, tagKeys: ['a', 'b c'] });
  });
});

describe('bodies that cannot be parsed', () => {
  const nested = (depth: number) => `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  const bad: [string, string][] = [
    ['broken JSON', '{"a":'],
    ['text after JSON', '{} {}'],
    ['a list', '[]'],
    ['a text', '"text"'],
    ['null', 'null'],
    ['a body nested too deep', nested(BODY_DEPTH_MAX)],
    ['a body nested very deep', nested(400_000)],
    ['an open end nested very deep', '['.repeat(900_000)],
    ['a giant body', `{"x":"${'y'.repeat(BODY_BYTES_MAX)}"}`],
  ];
  for (const [title, bodyText] of bad) {
    test(`${title} is a ValidationException that says it cannot be parsed`, () => {
      assert.throws(
        () => decodeInput(StartTest, { ...NO_LABELS, bodyText }),
        (error) => error instanceof ApiError && error.members.reason === 'cannotParse',
      );
    });
  }

  test('brackets in strings are no nesting, and the deepest allowed is allowed', () => {
    const text = JSON.stringify({ x: `\\"${'[{'.repeat(100)}` });
    assert.deepEqual(decodeInput(StartTest, { ...NO_LABELS, bodyText: text }), JSON.parse(text));
    decodeInput(StartTest, { ...NO_LABELS, bodyText: nested(BODY_DEPTH_MAX - 1) });
  });
});

test('a failure names every wrong field, up to a limit', () => {
  const value = { sourceServerIDs: Array.from({ length: 200 }, () => 's-1') };
  assert.throws(
    () => validateInput(StartTest, value),
    (error) => {
      assert.ok(error instanceof ApiError);
      const fields = error.members.fieldList as { name: string; message: string }[];
      assert.equal(fields.length, 20);
      assert.deepEqual(fields[3], {
        name: 'sourceServerIDs[3]',
        message: 'must be at least 19 characters long',
      });
      return true;
    },
  );
});
