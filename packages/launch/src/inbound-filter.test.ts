import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFilterEntries, planFilter, planFilterRemoval } from './inbound-filter.ts';

const MAC = '52:54:00:aa:bb:cc';
const MACHINE = { machineId: 'i-00000000000000001', macAddress: MAC, ports: [22, 80] };

test('what is not let in is dropped by its first segment, all else is let through', () => {
  const script = planFilter(MACHINE, []).split('\n');
  const rules = script.filter((line) => line.startsWith('add rule bridge landfall i-00000000000000001 '));
  assert.deepEqual(
    rules.map((line) => line.split(' ').slice(5).join(' ')),
    [
      'ether type != { ip, ip6 } accept',
      'meta l4proto != tcp accept',
      'ip frag-off & 0x1fff > 1 accept',
      'frag frag-off > 1 accept',
      'tcp flags & (syn | ack) != syn accept',
      'tcp dport { 22, 80 } accept',
      'drop',
    ],
  );
  assert.ok(script.includes(`add element bridge landfall machines { ${MAC} : jump i-00000000000000001 }`));
});

test('without ports none is let in', () => {
  assert.doesNotMatch(planFilter({ ...MACHINE, ports: [] }, []), /dport/);
});

test('F3: what was there of the machine, or of its card, goes before it is put in place', () => {
  const found = [
    { machineId: 'i-00000000000000001', macAddress: '52:54:00:00:00:01' },
    { machineId: 'i-00000000000000002', macAddress: MAC },
    { machineId: 'i-00000000000000003', macAddress: '52:54:00:00:00:03' },
  ];
  const lines = planFilter({ ...MACHINE, macAddress: MAC.toUpperCase() }, found).split('\n');
  assert.deepEqual(
    lines.filter((line) => line.startsWith('delete')),
    [
      'delete element bridge landfall machines { 52:54:00:00:00:01 : jump i-00000000000000001 }',
      `delete element bridge landfall machines { ${MAC} : jump i-00000000000000002 }`,
      'delete chain bridge landfall i-00000000000000002',
    ],
  );
});

test('what is taken away is the machine alone, and nothing where there is nothing', () => {
  const found = [
    { machineId: 'i-00000000000000001', macAddress: MAC },
    { machineId: 'i-00000000000000003', macAddress: '52:54:00:00:00:03' },
  ];
  assert.equal(
    planFilterRemoval('i-00000000000000001', found),
    `delete element bridge landfall machines { ${MAC} : jump i-00000000000000001 }
flush chain bridge landfall i-00000000000000001
delete chain bridge landfall i-00000000000000001
`,
  );
  assert.equal(planFilterRemoval('i-00000000000000002', found), undefined);
});

test('entries are read as nftables 1.0.6 tells them', () => {
  const head = '{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}';
  const map =
    '"family": "bridge", "name": "machines", "table": "landfall", "type": "ether_addr", "map": "verdict"';
  const json = `{"nftables": [${head}, {"map": {${map}, "elem": [["${MAC}", {"jump": {"target": "i-1"}}]]}}]}`;
  assert.deepEqual(parseFilterEntries(json), [{ macAddress: MAC, machineId: 'i-1' }]);
  assert.deepEqual(parseFilterEntries(`{"nftables": [${head}, {"map": {${map}}}]}`), []);
});
