import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, systemClock } from '@landfall/runtime';
import { describeForecast } from './forecast-text.ts';
import { type Measured, outlookOf } from './outlook.ts';
import { type ForecastResult, parseAddress } from './run-forecast.ts';
import { measureSource, ROUNDS } from './source-speed.ts';

const MB = 1e6;
const GIB = 1024 ** 3;

function rates(megabytes: number): readonly number[] {
  return Array.from({ length: 20 }, () => megabytes * MB);
}

function measured(change: Partial<Measured> = {}): Measured {
  return {
    ...{ totalBytes: 100 * GIB, bytesToGo: 100 * GIB, capBytesPerSecond: 0, streams: 4 },
    churn: { windows: [{ windowMs: 0, bytesPerSecond: rates(1) }], places: [] },
    source: {
      readBytesPerSecond: rates(2000),
      encoding: {
        ZSTD: { bytesPerSecond: rates(400), wireShare: [0.5] },
        RAW: { bytesPerSecond: rates(3000), wireShare: [1] },
      },
    },
    link: { kind: 'MEASURED', to: 'there:1500', bytesPerSecond: rates(100) },
    ...change,
  };
}

test('a slow link is fed compressed, and passes what was compressed away the sooner', () => {
  const { forecast, encoding } = outlookOf(measured(), seededRandom(1));
  assert.equal(encoding, 'ZSTD');
  assert.deepEqual([forecast.verdict, forecast.bottleneck], ['CONVERGES', 'LINK']);
  const expectedMs = (100 * GIB) / (200 * MB - 0.5 * MB) / 0.001;
  assert.ok(Math.abs((forecast.etaP50Ms ?? 0) / expectedMs - 1) < 0.01, `${forecast.etaP50Ms} ms`);
});

test('a link faster than the compressor gets bytes as they are', () => {
  const link = { kind: 'MEASURED', to: 'there:1500', bytesPerSecond: rates(1500) } as const;
  const { forecast, encoding } = outlookOf(measured({ link }), seededRandom(1));
  assert.deepEqual([encoding, forecast.bottleneck], ['RAW', 'LINK']);
  const faster = { ...link, bytesPerSecond: rates(9000) };
  assert.equal(outlookOf(measured({ link: faster }), seededRandom(1)).forecast.bottleneck, 'SOURCE_READ');
});

test('a cap below the link is the bottleneck, in bytes of disk', () => {
  const { forecast } = outlookOf(measured({ capBytesPerSecond: 10 * MB }), seededRandom(1));
  assert.equal(forecast.bottleneck, 'BANDWIDTH_CAP');
  const cap = forecast.capacities.find(({ stage }) => stage === 'BANDWIDTH_CAP');
  assert.equal(cap?.bytesPerSecond, 20 * MB);
});

test('without a measured link nothing is forecast, and the text says what is missing', () => {
  const link = { kind: 'REACHABLE', to: 'there:1500', roundTripMs: 1.25 } as const;
  const outlook = outlookOf(measured({ link }), seededRandom(1));
  assert.equal(outlook.forecast.verdict, 'NOT_KNOWN');
  const text = describeForecast(resultOf({ ...outlook, link }));
  assert.match(text, /^link {16}there:1500 answers in 1\.3 ms; its speed is not measured that way$/m);
  assert.match(text, /^forecast {12}not known: not measured: link$/m);
  assert.match(text, /^done in, P50 {8}–$/m);
});

function resultOf(
  change: Pick<ForecastResult, 'forecast' | 'encoding' | 'wireShare' | 'link'> & Partial<ForecastResult>,
): ForecastResult {
  const disks = [{ deviceName: '/dev/vda', sizeBytes: 100 * GIB }];
  const { churn, streams } = measured();
  return { ...{ disks, churn, streams, nextCapChange: undefined, replicating: undefined }, ...change };
}

test('a link measured with one connection says so, and is no proof where replication uses more', () => {
  const churn = { windows: [{ windowMs: 0, bytesPerSecond: rates(300) }], places: [] };
  const { link } = measured();
  const tell = (streams: number) => {
    const outlook = outlookOf(measured({ churn, streams }), seededRandom(1));
    assert.equal(outlook.forecast.verdict, 'DOES_NOT_CONVERGE');
    return describeForecast(resultOf({ ...outlook, churn, link, linkConnections: 1, streams }));
  };
  const note = 'one connection; replication may use 4, which is faster where packets are lost';
  assert.match(tell(4), new RegExp(`^ {2}measured with {5}${note}$`, 'm'));
  assert.match(
    tell(4),
    /^forecast {12}churn 300 MB\/s > link 200 MB\/s: may not converge \(more connections/m,
  );
  assert.doesNotMatch(tell(1), /one connection/);
  assert.match(tell(1), /^forecast .*: will not converge/m);
});

test('disks are sampled in bounded reads, and what is zero does not travel', async () => {
  const readBytes = { all: 0 };
  const random = seededRandom(4);
  const noise = random.bytes(1024 * 1024);
  const zeroes = Buffer.alloc(1024 * 1024);
  const speed = await measureSource({
    reader: {
      readsInFlightMax: 4,
      read: async ({ diskIndex, lengthBytes }, use) => {
        readBytes.all += lengthBytes;
        return use((diskIndex === 0 ? noise : zeroes).subarray(0, lengthBytes));
      },
      close: async () => undefined,
    },
    sizesBytes: [64 * 1024 * 1024, 64 * 1024 * 1024],
    clock: systemClock,
    random,
  });
  assert.equal(readBytes.all, ROUNDS * 4 * 1024 * 1024);
  for (const { bytesPerSecond, wireShare } of [speed.encoding.ZSTD, speed.encoding.RAW]) {
    assert.equal(bytesPerSecond.length, ROUNDS);
    const share = wireShare.reduce((sum, one) => sum + one, 0) / ROUNDS;
    assert.ok(share > 0.25 && share < 0.75, `half of it is zeroes: ${share}`);
  }
});

test('an address is a host and a port', () => {
  assert.deepEqual(parseAddress('backup.example:1500'), { host: 'backup.example', port: 1500 });
  assert.deepEqual(parseAddress('[fd00::1]:1500'), { host: 'fd00::1', port: 1500 });
  for (const text of ['backup', 'backup:', 'a:b:1', 'a:0', 'a:70000']) {
    assert.throws(() => parseAddress(text), { code: 'OPTION_INVALID' });
  }
});
