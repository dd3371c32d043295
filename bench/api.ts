/**
 * The control plane with thousands of servers: its listings, whole and filtered; the reports of agents; and
 * the listings again while the agents report. The programs around it are simulated and speak the real
 * channel, with certificates of their own, from a process of their own.
 */
import { createApiClient, type Mgn } from '../packages/api/src/index.ts';
import { OperationError, systemClock } from '../packages/runtime/src/index.ts';
import { ControlPlaneProcess } from './api/control-plane-process.ts';
import { FleetProcess } from './api/fleet-process.ts';
import { TimedCalls } from './api/http-timed-calls.ts';
import { type Bench, type BenchOptions, runBenchmark } from './bed/benchmark.ts';
import { percentile } from './bed/cut-watch.ts';
import { cpuPercent, peakResidentBytes } from './bed/process-cost.ts';
import { atMost, type Row } from './bed/rows.ts';

const LIST_GOAL_MS = 100;
const REPORT_GOAL_MS = 250;
const PAGE_MAX = 1000;
const CONSOLE_PAGE = 50;
const APPLICATION_SERVERS = 200;
const TOKEN_USES_MAX = 10_000;
/** As the real ones report. */
const INTERVALS = { replicationServerIntervalMs: 3000 };
/** As a console that is looked at. */
const LIST_PAUSE_MS = 100;

/** How much of everything, of which the quick form takes little. */
interface Sizes {
  readonly servers: number;
  readonly reporting: number;
  readonly agentIntervalMs: number;
  readonly loadSeconds: number;
  /** Of each listing. */
  readonly calls: number;
}

await runBenchmark({
  name: 'api',
  bytesNeeded: () => 2 ** 30,
  measure: async (bench) => {
    const sizes = sizesOf(bench.options);
    const plane = await ControlPlaneProcess.start(bench);
    const fleet = new FleetProcess(bench, { ...(await tokensFor(plane)), ...sizes, ...INTERVALS });
    bench.say(`enrolling ${sizes.servers} servers and their replication servers`);
    const { sourceServerIds, seconds } = await fleet.enrolled();
    bench.say(`enrolled in ${seconds.toFixed(0)} s`);
    const site = { plane, sourceServerIds, application: await makeApplication(plane, sourceServerIds) };
    const rows = [...(await measureListings(bench, site)), ...(await measureLoad(bench, site, fleet))];
    await fleet.stop();
    await plane.stop();
    return rows;
  },
});

function sizesOf({ quick }: BenchOptions): Sizes {
  if (quick) return { servers: 60, reporting: 30, agentIntervalMs: 1000, loadSeconds: 4, calls: 10 };
  return { servers: 4000, reporting: 2000, agentIntervalMs: 10_000, loadSeconds: 60, calls: 200 };
}

interface Site {
  readonly plane: ControlPlaneProcess;
  readonly sourceServerIds: readonly string[];
  readonly application: { readonly id: string; readonly servers: number };
}

async function tokensFor({ client }: ControlPlaneProcess) {
  const api = createApiClient(client);
  const create = async (role: 'agent' | 'replication-server') =>
    (await api.landfall('CreateEnrolmentToken', { role, usesMax: TOKEN_USES_MAX })).token;
  return { agentToken: await create('agent'), replicationServerToken: await create('replication-server') };
}

async function makeApplication({ client }: ControlPlaneProcess, ids: readonly string[]) {
  const api = createApiClient(client);
  const { applicationID: id = '' } = await api.mgn('CreateApplication', { name: 'benchmark' });
  const members = ids.filter((_, index) => index % 2 === 0).slice(0, APPLICATION_SERVERS);
  for (let from = 0; from < members.length; from += 50) {
    const sourceServerIDs = members.slice(from, from + 50);
    await api.mgn('AssociateSourceServers', { applicationID: id, sourceServerIDs });
  }
  return { id, servers: members.length };
}

interface PageOptions {
  readonly filters?: Mgn.DescribeSourceServersRequestFilters;
  readonly pageSize: number;
}

interface Listing extends PageOptions {
  readonly what: string;
  /** Of all pages together. */
  readonly servers: number;
}

async function measureListings(bench: Bench, site: Site): Promise<readonly Row[]> {
  const { sourceServerIds: ids, application } = site;
  const all = ids.length;
  const page = `a page of ${PAGE_MAX}`;
  const some = ids.filter((_, index) => index % Math.ceil(all / 200) === 0);
  const listings: readonly Listing[] = [
    { what: `all servers, ${page}`, pageSize: PAGE_MAX, servers: all },
    { what: `all servers, a page of ${CONSOLE_PAGE}`, pageSize: CONSOLE_PAGE, servers: all },
    {
      ...{ what: `by life cycle state, ${page}`, pageSize: PAGE_MAX, servers: all },
      filters: { lifeCycleStates: ['READY_FOR_TEST'] },
    },
    {
      ...{ what: 'by life cycle state, of which there is none', pageSize: PAGE_MAX, servers: 0 },
      filters: { lifeCycleStates: ['CUTOVER'] },
    },
    {
      ...{ what: `by ${some.length} ids`, pageSize: PAGE_MAX, servers: some.length },
      filters: { sourceServerIDs: some },
    },
    { what: 'by one id', pageSize: PAGE_MAX, servers: 1, filters: { sourceServerIDs: ids.slice(-1) } },
    {
      ...{ what: 'by application', pageSize: PAGE_MAX, servers: application.servers },
      filters: { applicationIDs: [application.id], isArchived: false },
    },
  ];
  const rows: Row[] = [];
  for (const listing of listings) {
    const took = await timeListing(site.plane, listing, sizesOf(bench.options).calls);
    const p99Ms = percentile(took, 0.99);
    bench.say(`${listing.what}: p50 ${percentile(took, 0.5).toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`);
    rows.push(atMost(LIST_GOAL_MS, { what: `listing ${listing.what}: p99`, measured: p99Ms, unit: 'ms' }));
  }
  return [...rows, ...(await measureGlances(bench, site))];
}

/** What a dashboard and somebody who looks for a server ask. */
async function measureGlances(bench: Bench, { plane, sourceServerIds }: Site): Promise<readonly Row[]> {
  const calls = new TimedCalls(plane.client);
  const page = { text: 'server', maxResults: CONSOLE_PAGE };
  const asked = {
    'all servers at a glance': async () => {
      const { output, ms } = await calls.landfall('DescribeFleet', {});
      return { servers: output.servers, ms };
    },
    'servers by a word, the worst lag first': async () => {
      const search = { ...page, sort: 'LAG', descending: true } as const;
      const { output, ms } = await calls.landfall('ListServers', search);
      return { servers: output.total, ms };
    },
    'servers by a word, in the order of their names': async () => {
      const { output, ms } = await calls.landfall('ListServers', { ...page, sort: 'NAME' });
      return { servers: output.total, ms };
    },
  };
  const rows: Row[] = [];
  try {
    for (const [what, ask] of Object.entries(asked)) {
      const first = await ask();
      const took: number[] = [];
      while (took.length < sizesOf(bench.options).calls) took.push((await ask()).ms);
      if (first.servers !== sourceServerIds.length) {
        throw new OperationError('BENCHMARK_FAILED', `${what}: ${first.servers} servers were found`);
      }
      const p99Ms = percentile(took, 0.99);
      bench.say(`${what}: first ${first.ms.toFixed(1)} ms, then p99 ${p99Ms.toFixed(1)} ms`);
      rows.push(atMost(LIST_GOAL_MS, { what: `${what}: p99`, measured: p99Ms, unit: 'ms' }));
    }
    return rows;
  } finally {
    calls.close();
  }
}

/** Pages from the first to the last, again and again; each listing must have all its servers. */
async function timeListing(
  { client }: ControlPlaneProcess,
  listing: Listing,
  callsMin: number,
): Promise<readonly number[]> {
  const calls = new TimedCalls(client);
  const took: number[] = [];
  try {
    // The first makes the connection.
    await listingPage(calls, listing, undefined);
    while (took.length < callsMin) {
      let nextToken: string | undefined;
      let servers = 0;
      do {
        const { output, ms } = await listingPage(calls, listing, nextToken);
        took.push(ms);
        servers += output.items?.length ?? 0;
        nextToken = output.nextToken;
      } while (nextToken !== undefined);
      if (servers !== listing.servers) throw incomplete(listing, servers);
    }
    return took;
  } finally {
    calls.close();
  }
}

function listingPage(calls: TimedCalls, { filters, pageSize }: PageOptions, nextToken: string | undefined) {
  return calls.mgn('DescribeSourceServers', { filters, maxResults: pageSize, nextToken });
}

function incomplete({ what, servers }: Listing, found: number): OperationError {
  return new OperationError(
    'BENCHMARK_FAILED',
    `${what}: ${found} servers were listed, there are ${servers}`,
  );
}

async function measureLoad(bench: Bench, site: Site, fleet: FleetProcess): Promise<readonly Row[]> {
  const { reporting, agentIntervalMs, loadSeconds, calls } = sizesOf(bench.options);
  const { plane } = site;
  const every = `every ${agentIntervalMs / 1000} s`;
  bench.say(`${reporting} agents report ${every}, for ${loadSeconds} s twice: alone, and beside listings`);
  const cpu = cpuPercent(plane.pid, loadSeconds * 1000);
  const alone = await fleet.measure(loadSeconds);
  bench.say(`alone: ${JSON.stringify(alone)}, processor ${(await cpu).toFixed(0)} % of one core`);
  const beside = fleet.measure(loadSeconds);
  const page = await listWhile(plane, beside, calls);
  const busy = await beside;
  bench.say(`beside listings: ${JSON.stringify(busy)}`);
  const expected = (0.9 * reporting * loadSeconds * 1000) / agentIntervalMs;
  for (const { reports, failures } of [alone, busy]) {
    if (failures === 0 && reports >= expected) continue;
    throw new OperationError('BENCHMARK_FAILED', `${reports} reports were answered, ${failures} failed`);
  }
  const residentMib = (await peakResidentBytes(plane.pid)) / 2 ** 20;
  const who = `${reporting} agents reporting ${every}`;
  return [
    atMost(REPORT_GOAL_MS, { what: `${who}: a report, p99`, measured: alone.p99Ms, unit: 'ms' }),
    atMost(REPORT_GOAL_MS, {
      what: 'the same beside listings: a report, p99',
      measured: busy.p99Ms,
      unit: 'ms',
    }),
    atMost(REPORT_GOAL_MS, {
      what: `a page of ${CONSOLE_PAGE} of all servers at the same time, p99`,
      measured: percentile(page, 0.99),
      unit: 'ms',
    }),
    atMost(1024, {
      what: 'most memory of the control plane',
      measured: residentMib,
      unit: 'MiB',
      required: false,
    }),
  ];
}

/** One listing after another, page by page, as long as `load` is measured. */
async function listWhile(
  plane: ControlPlaneProcess,
  load: Promise<unknown>,
  callsMin: number,
): Promise<readonly number[]> {
  const calls = new TimedCalls(plane.client);
  const took: number[] = [];
  let isOver = false;
  void load.finally(() => {
    isOver = true;
  });
  let nextToken: string | undefined;
  while (!isOver || took.length < callsMin) {
    const { output, ms } = await listingPage(calls, { pageSize: CONSOLE_PAGE }, nextToken);
    took.push(ms);
    nextToken = output.nextToken;
    await systemClock.sleep(LIST_PAUSE_MS);
  }
  calls.close();
  return took;
}
