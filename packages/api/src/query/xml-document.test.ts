import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { writeXmlDocument, XmlList } from './xml-document.ts';

test('members become elements, lists their entries, and what is absent is left out', () => {
  const members = {
    requestId: 'r',
    sets: [{ id: 1, on: true }, 'text'],
    groupSet: new XmlList('groupId', ['a', 'b']),
    none: [],
    absent: undefined,
    inner: { empty: '' },
  };
  assert.equal(
    writeXmlDocument({ name: 'A', namespace: 'http://n/', members }),
    '<?xml version="1.0" encoding="UTF-8"?>\n<A xmlns="http://n/"><requestId>r</requestId><sets><item><id>1</id>' +
      '<on>true</on></item><item>text</item></sets><groupSet><groupId>a</groupId><groupId>b</groupId></groupSet>' +
      '<none/><inner><empty/></inner></A>',
  );
});

test('no text leaves its element, and none makes the document one that cannot be read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = writeXmlDocument({ name: 'A', members: { t: text } });
      const [, content = ''] = /<A>(?:<t>([^<>]*)<\/t>|<t\/>)<\/A>$/.exec(written) ?? assert.fail(written);
      assert.doesNotMatch(content, /&(?!amp;|lt;|gt;|quot;|#13;)/);
      assert.ok(
        [...content].every((character) => character >= ' ' || character === '\t' || character === '\n'),
      );
    }),
    { numRuns: 300 },
  );
});
