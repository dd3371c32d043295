import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../api-error.ts';
import { type PageOptions, paginate, paginateStored } from './paginate.ts';

const OPTIONS: PageOptions<string> = { listing: 'DescribeJobs {}', sortKeyOf: (item) => item };

test('P1: an item that exists all the time is given exactly once, whatever comes and goes', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 4 });
  const change = fc.record({ added: fc.uniqueArray(name), removed: fc.uniqueArray(name) });
  const order = fc.constantFrom('ascending' as const, 'descending' as const);
  fc.assert(
    fc.property(
      fc.uniqueArray(name),
      fc.array(change),
      fc.integer({ min: 1, max: 4 }),
      order,
      (start, changes, maxResults, order) => {
        const present = new Set(start);
        const lasting = new Set(start);
        const given: string[] = [];
        let nextToken: string | undefined;
        let step = 0;
        do {
          const page = paginate([...present], { maxResults, nextToken }, { ...OPTIONS, order });
          given.push(...page.items);
          nextToken = page.nextToken;
          const { added = [], removed = [] } = changes[step] ?? {};
          for (const item of removed) present.delete(item) && lasting.delete(item);
          for (const item of added) present.add(item);
          step += 1;
        } while (nextToken !== undefined);
        assert.equal(new Set(given).size, given.length);
        for (const item of lasting) assert.ok(given.includes(item));
      },
    ),
  );
});

test('pages are as long as asked, in order, and the last has no token', () => {
  const items = Array.from({ length: 25 }, (_, index) => `s-${String(index).padStart(3, '0')}`);
  const first = paginate(items.toReversed(), { maxResults: 10 }, OPTIONS);
  const second = paginate(items, { maxResults: 10, nextToken: first.nextToken }, OPTIONS);
  const third = paginate(items, { maxResults: 10, nextToken: second.nextToken }, OPTIONS);
  assert.deepEqual([...first.items, ...second.items, ...third.items], items);
  assert.equal(third.nextToken, undefined);
  assert.deepEqual(paginate(items, {}, OPTIONS), { items });
  assert.deepEqual(paginate([], { nextToken: '' }, OPTIONS), { items: [] });
});

test('P2: a token that is damaged, or of another listing, is a ValidationException', () => {
  const { nextToken = '' } = paginate(['a', 'b', 'c'], { maxResults: 1 }, OPTIONS);
  const refuse = (token: string, listing = OPTIONS.listing) =>
    assert.throws(
      () => paginate(['a', 'b', 'c'], { nextToken: token }, { ...OPTIONS, listing }),
      (error) => error instanceof ApiError && error.name === 'ValidationException',
    );
  assert.match(nextToken, /^[A-Za-z0-9_-]+$/);
  refuse(nextToken, 'DescribeJobs {"jobIDs":[]}');
  refuse(nextToken.slice(1));
  refuse(nextToken.slice(0, -2));
  for (const token of ['x', '!!!', 'bnVsbA', 'WzEsMSwiYSJd', 'WzIsMSwiYSJd', '%', 'é']) refuse(token);
  const damaged = fc.tuple(fc.nat(nextToken.length - 1), fc.constantFrom('A', 'z', '0', '_'));
  fc.assert(
    fc.property(damaged, ([index, character]) => {
      fc.pre(nextToken[index] !== character);
      const token = nextToken.slice(0, index) + character + nextToken.slice(index + 1);
      const same = atob(token.replaceAll('_', '/')) === atob(nextToken);
      if (!same) refuse(token);
    }),
  );
});

test('P1: pages that the store itself cuts have the same items, and tokens that stay good', async () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name), fc.integer({ min: 1, max: 4 }), async (items, maxResults) => {
      const order = (left: string, right: string) => (left < right ? -1 : 1);
      const fetch = async ({
        limit,
        after,
      }: {
        readonly limit: number;
        readonly after: string | undefined;
      }) =>
        items
          .toSorted(order)
          .filter((item) => after === undefined || item > after)
          .slice(0, limit);
      const given: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await paginateStored({ maxResults, nextToken }, OPTIONS, fetch);
        assert.deepEqual(page, paginate(items, { maxResults, nextToken }, OPTIONS));
        given.push(...page.items);
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      assert.deepEqual(given, items.toSorted(order));
    }),
  );
  const none = async () => [];
  await assert.rejects(paginateStored({ nextToken: 'x' }, OPTIONS, none), { name: 'ValidationException' });
});
