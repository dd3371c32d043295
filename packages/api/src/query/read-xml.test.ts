import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readXml } from './read-xml.ts';
import { writeXmlDocument, XmlList } from './xml-document.ts';

test('what is written is read again: texts, members, lists', () => {
  const members = {
    ownerId: '000000000000',
    instancesSet: [{ instanceId: 'i-1', name: 'a <b> & "c"\r\n' }, { instanceId: 'i-2' }],
    tagSet: [],
    note: '',
    Versions: new XmlList('member', ['1', '2']),
  };
  const text = writeXmlDocument({ name: 'Answer', namespace: 'https://example.org/', members });
  const { Versions: _versions, ...rest } = members;
  assert.deepEqual(readXml(text), { name: 'Answer', value: { ...rest, Versions: ['1', '2'] } });
});

test('lists whose entries have names of their own lose none, and empty lists are lists', () => {
  for (const groups of [['sg-1'], ['sg-1', 'sg-2', 'sg-3']]) {
    const text = writeXmlDocument({ name: 'A', members: { groupSet: new XmlList('groupId', groups) } });
    assert.deepEqual(readXml(text)?.value, { groupSet: groups });
  }
  const others = writeXmlDocument({ name: 'A', members: { other: new XmlList('entry', ['1', '2']) } });
  assert.deepEqual(readXml(others)?.value, { other: ['1', '2'] });
  const empty = { securityGroupInfo: [], ipPermissions: [], ipRanges: [], launchTemplates: [], tagSet: [] };
  assert.deepEqual(readXml(writeXmlDocument({ name: 'A', members: empty }))?.value, empty);
});

test('any text comes back as it was', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\t\n\r -~]{1,60}$/), (name) => {
      const read = readXml(writeXmlDocument({ name: 'A', members: { name } }));
      assert.deepEqual(read?.value, { name });
    }),
  );
});

test('what is no such document is none', () => {
  for (const text of [
    '',
    'text',
    '<a>',
    '<a></b>',
    '</a>',
    '<a/><b/>',
    '<a><b></a></b>',
    '<a',
    '<a>'.repeat(99),
  ])
    assert.equal(readXml(text), undefined, text);
});
