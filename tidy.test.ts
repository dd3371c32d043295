/**
 * The repository's own linter: the arrows between packages, the sizes of files, the words that must not
 * stand here.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'node:test';
import { ERROR_CODES } from './packages/model/src/errors.ts';
import { errorsPage } from './packages/model/src/errors-page.ts';
import { findingsPage } from './packages/model/src/findings-page.ts';
import { FINDING_CODES } from './packages/model/src/preflight.ts';

const ROOT = import.meta.dirname;
const FILE_LINES_MAX = 400;
const LINE_COLUMNS_MAX = 110;
const GENERATED = /\.generated\.|testdata\//;

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const files = listed.split('\n').filter((path) => path !== '' && existsSync(join(ROOT, path)));
const sources = files.filter((path) => /\.tsx?$/.test(path) && !GENERATED.test(path));
const root = readManifest('.');
const workspaces = root.workspaces ?? [];
const folderByName = new Map(workspaces.map((folder) => [readManifest(folder).name, folder]));

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function workspaceOf(path: string): string | undefined {
  return workspaces.find((folder) => path.startsWith(`${folder}/`));
}

function importsOf(path: string): string[] {
  const text = read(path);
  return [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^'"\n;]*?(?:\{[^}]*\}[^'";]*?)?from\s+'([^']+)'/g)]
    .concat(
      [...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)],
      [...text.matchAll(/(?:^|\n)import\s+'([^']+)'/g)],
    )
    .map((match) => match[1] ?? '');
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Tests and scripts may use what the whole repository has for development. */
function isDevelopment(path: string): boolean {
  return (
    /\.(test|e2e|conformance|fuzz|testing)\.ts$|\/scripts\/|\/testing\/|-(test-[^/]*|fixture|test-rig)\.ts$/.test(
      path,
    ) || workspaceOf(path) === undefined
  );
}

test('every import is declared in the package.json of its workspace', () => {
  const faults: string[] = [];
  for (const path of sources) {
    const folder = workspaceOf(path);
    const manifest = folder === undefined ? root : readManifest(folder);
    for (const specifier of importsOf(path)) {
      if (specifier.startsWith('node:') || specifier.startsWith('.')) continue;
      const name = packageName(specifier);
      const declared = manifest.dependencies?.[name] !== undefined;
      const development = isDevelopment(path) && root.devDependencies?.[name] !== undefined;
      if (!declared && !development) faults.push(`${path} imports ${name}`);
    }
  }
  assert.deepEqual(faults, []);
});

test('a relative import stays inside its workspace', () => {
  const faults = sources.flatMap((path) => {
    const folder = workspaceOf(path);
    if (folder === undefined) return [];
    const relative = importsOf(path).filter((specifier) => specifier.startsWith('.'));
    return relative
      .filter((specifier) => !normalize(join(dirname(path), specifier)).startsWith(`${folder}/`))
      .map((specifier) => `${path} imports ${specifier}`);
  });
  assert.deepEqual(faults, []);
});

test('no workspace depends on an app, and the arrows have no circle', () => {
  const visiting = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    assert.ok(!visiting.has(name), `circle: ${[...path, name].join(' → ')}`);
    visiting.add(name);
    const dependencies = Object.keys(readManifest(folderByName.get(name) ?? '.').dependencies ?? {});
    for (const next of dependencies.filter((dependency) => folderByName.has(dependency))) {
      assert.ok(!folderByName.get(next)?.startsWith('apps/'), `${name} depends on the app ${next}`);
      visit(next, [...path, name]);
    }
    visiting.delete(name);
  };
  for (const name of folderByName.keys()) visit(name, []);
});

test('the agent has no dependency outside this repository, and the control plane sees neither journal nor wire', () => {
  const reach = (name: string, seen: Set<string> = new Set()): Set<string> => {
    for (const next of Object.keys(readManifest(folderByName.get(name) ?? '.').dependencies ?? {})) {
      if (!seen.has(next)) reach(folderByName.has(next) ? next : '', seen.add(next));
    }
    return seen;
  };
  assert.deepEqual(
    [...reach('@landfall/agent')].filter((name) => !name.startsWith('@landfall/')),
    [],
  );
  const controlPlane = reach('@landfall/control-plane');
  assert.ok(!controlPlane.has('@landfall/journal') && !controlPlane.has('@landfall/wire'));
});

test('the console holds nothing of Node, and of the API its types only', () => {
  const pages = sources.filter((path) => path.startsWith('apps/console/src/') && !isDevelopment(path));
  const faults = pages.flatMap((path) => {
    const text = read(path);
    const node = importsOf(path).filter((specifier) => specifier.startsWith('node:'));
    const api = [...text.matchAll(/^(?:import|export) (?!type\b)[^;]*?'(@landfall\/api[^']*)'/gm)];
    return [...node, ...api.map(([, specifier]) => specifier)].map((one) => `${path} imports ${one}`);
  });
  assert.deepEqual(faults, []);
});

test('the outside world is touched only in files named for what they touch', () => {
  const world = /^node:(fs|fs\/promises|net|tls|http|https|child_process|sqlite)$/;
  const named =
    /(^|\/)(main|file-[^/]*|tcp-[^/]*|tls-[^/]*|http-[^/]*|linux-[^/]*|sqlite-[^/]*|qemu-[^/]*|libvirt-[^/]*|guestfs-[^/]*|systemd-[^/]*)\.ts$/;
  const packages = sources.filter(
    (path) => path.startsWith('packages/') && !path.startsWith('packages/runtime/'),
  );
  const faults = packages
    .filter(
      (path) => !isDevelopment(path) && !named.test(path) && importsOf(path).some((name) => world.test(name)),
    )
    .map((path) => `${path} imports ${importsOf(path).filter((name) => world.test(name))}`);
  assert.deepEqual(faults, []);
});

test('clocks, timers and random numbers come from runtime', () => {
  const direct =
    /\bDate\.now\(|(?<![.\w])setTimeout\(|(?<![.\w])setInterval\(|\bMath\.random\(|\brandomBytes\(|\brandomUUID\(/;
  const edge = /^packages\/runtime\/|^apps\/console\/src\/browser-clock\.ts$/;
  const code = sources.filter((path) => !edge.test(path) && !isDevelopment(path));
  assert.deepEqual(
    code.filter((path) => direct.test(withoutComments(read(path)))),
    [],
  );
});

test('no file passes 400 lines, no comment 110 columns', () => {
  const faults = sources.flatMap((path) => {
    const lines = read(path).split('\n');
    // Code is the formatter's business; it leaves comments and strings as they are.
    const long = lines.findIndex((line) => line.length > LINE_COLUMNS_MAX && /^\s*(\*|\/\/|\/\*)/.test(line));
    const tooMany = lines.length - 1 > FILE_LINES_MAX ? [`${path} has ${lines.length - 1} lines`] : [];
    return long < 0 ? tooMany : [...tooMany, `${path}:${long + 1} has ${lines[long]?.length} columns`];
  });
  assert.deepEqual(faults, []);
});

test('no skipped tests, no silenced types, no swallowed errors, no words that stand for missing work', () => {
  const forbidden = [
    /\b(test|it|describe)\.(skip|todo|only)\b/,
    /@ts-(ignore|expect-error|nocheck)/,
    /biome-ignore/,
    /\bas any\b/,
    /catch\s*(\([^)]*\))?\s*\{\s*\}/,
    /\.catch\(\(\) *=> *(\{ *\}|undefined|null)\)/,
    /\b(TODO|FIXME|XXX|HACK)\b|not yet implemented|placeholder(?!=)/i,
  ];
  const checked = sources.filter((path) => path !== 'tidy.test.ts');
  const faults = checked.flatMap((path) => {
    const text = read(path);
    return forbidden.filter((pattern) => pattern.test(text)).map((pattern) => `${path}: ${pattern}`);
  });
  assert.deepEqual(faults, []);
});

test('every error code is registered with its remedy and documented, and every registered code is used', () => {
  const used = new Set<string>();
  for (const path of sources.filter((one) => !one.startsWith('packages/model/src/error'))) {
    for (const match of read(path).matchAll(/['"]([A-Z][A-Z0-9_]{4,})['"]/g)) used.add(match[1] ?? '');
  }
  const thrown = new Set<string>();
  for (const path of sources.filter((one) => !isDevelopment(one))) {
    for (const match of read(path).matchAll(/new OperationError\(\s*'([A-Z0-9_]+)'/g))
      thrown.add(match[1] ?? '');
  }
  const registered = Object.keys(ERROR_CODES);
  assert.deepEqual(
    [...thrown].filter((code) => !registered.includes(code)),
    [],
    'thrown but not in model/errors.ts',
  );
  assert.deepEqual(
    registered.filter((code) => !used.has(code)),
    [],
    'registered but never used',
  );
  const hint = 'docs/errors.md is behind: node packages/model/scripts/write-errors-page.ts';
  assert.equal(read('docs/errors.md'), errorsPage(), hint);
});

test('every finding of a preflight is documented, and every registered one can be found', () => {
  const code = sources.filter((one) => one.startsWith('packages/conversion/') && !isDevelopment(one));
  const words = code.flatMap((path) => [...read(path).matchAll(/'([A-Z0-9_]+)'/g)].map(([, word]) => word));
  const unused = Object.keys(FINDING_CODES).filter((name) => !words.includes(name));
  assert.deepEqual(unused, [], 'registered but never found');
  const hint = 'docs/preflight.md is behind: node packages/model/scripts/write-findings-page.ts';
  assert.equal(read('docs/preflight.md'), findingsPage(), hint);
});

test('every page of docs/ is in the index docs/README.md, and every link of a page leads to something', () => {
  const pages = files.filter((path) => /^docs\/[^/]+\.md$/.test(path));
  const index = read('docs/README.md');
  const names = pages.map((path) => path.slice('docs/'.length)).filter((name) => name !== 'README.md');
  const hint = 'say in docs/README.md for which task the page is';
  assert.deepEqual(
    names.filter((name) => !index.includes(`(${name}`)),
    [],
    hint,
  );
  const dead = [...pages, 'README.md'].flatMap((path) => deadLinksOf(path).map((link) => `${path}: ${link}`));
  assert.deepEqual(dead, []);
});

test('no machine paths, no registry addresses', () => {
  const paths = files.filter((path) => !/package-lock\.json$|\.png$|testdata\//.test(path));
  assert.deepEqual(
    paths.filter((path) => /\/(work|farm)\//.test(read(path)) && path !== 'tidy.test.ts'),
    [],
  );
  assert.ok(
    !read('package-lock.json').includes('"resolved": "http'),
    'package-lock.json names a registry host',
  );
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}

/** Links to files that are not there, or to headings their page does not have. */
function deadLinksOf(path: string): readonly string[] {
  const links = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = '', heading] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(ROOT, target))) return true;
    return heading !== undefined && !headingsOf(target).includes(heading);
  });
}

/** As links name them. */
function headingsOf(path: string): readonly string[] {
  const headings = [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
