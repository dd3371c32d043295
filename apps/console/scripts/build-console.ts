/**
 * Builds the console into `dist`, with every text file compressed beside it. `node build-console.ts` does
 * nothing while `dist` is made of the same sources; `--force` builds all the same.
 *
 * It is built beside its place and moved there when it is whole, so a `dist` that is there is whole, whenever
 * the builder was killed.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build, type Plugin } from 'vite';

const CONSOLE = join(import.meta.dirname, '..');
const REPOSITORY = join(CONSOLE, '../..');
const DIST = join(CONSOLE, 'dist');
const KEY_FILE = '.sources';
/** What goes into it. Packages by the lock file; of our own, what it imports. */
const SOURCES = [
  'apps/console/index.html',
  'apps/console/package.json',
  'apps/console/public',
  'apps/console/scripts',
  'apps/console/src',
  'package-lock.json',
  'packages/model/src',
];
const COMPRESSIBLE = /\.(css|html|js|json|svg)$/;
const BROTLI_QUALITY = 10;
const EMBEDDED_FONT = /url\(["']?data:font\/woff2;base64,([A-Za-z0-9+/=]+)["']?\)/g;

async function buildConsole(force: boolean): Promise<void> {
  const key = await keyOfSources();
  if (!force && (await builtKey()) === key) return say('the console is current');
  say('building the console (half a minute or so)');
  const building = join(CONSOLE, `.build-${process.pid}`);
  try {
    await bundle(building);
    await compressAll(building);
    await writeFile(join(building, KEY_FILE), key);
    await rm(DIST, { recursive: true, force: true });
    await rename(building, DIST);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  say('the console is built');
}

async function bundle(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: CONSOLE,
    base: '/console/',
    logLevel: 'warn',
    plugins: [fontsAsFiles()],
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // The Content-Security-Policy lets nothing in that stands in the page or in an address.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2000,
      rolldownOptions: {
        // `use client` of the components speaks to servers that render pages; there is none.
        onwarn: (warning, warn) => {
          if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
        },
      },
    },
  });
}

/**
 * The component library has its fonts inside its style sheet. As files they are loaded when they are needed,
 * and the Content-Security-Policy needs no exception for them.
 */
function fontsAsFiles(): Plugin {
  return {
    name: 'fonts-as-files',
    generateBundle(_options, bundle) {
      for (const item of Object.values(bundle)) {
        if (item.type !== 'asset' || !item.fileName.endsWith('.css')) continue;
        item.source = String(item.source).replace(EMBEDDED_FONT, (_whole, base64: string) => {
          const source = Buffer.from(base64, 'base64');
          const name = `font-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.woff2`;
          this.emitFile({ type: 'asset', fileName: `assets/${name}`, source });
          return `url(./${name})`;
        });
      }
    },
  };
}

async function compressAll(folder: string): Promise<void> {
  for (const file of await filesUnder(folder)) {
    if (!COMPRESSIBLE.test(file)) continue;
    const content = await readFile(file);
    const parameters = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
    await writeFile(`${file}.br`, await promisify(brotliCompress)(content, { params: parameters }));
    await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
  }
}

async function keyOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of await filesUnder(join(REPOSITORY, source))) {
      hash.update(`${relative(REPOSITORY, file)}\n`).update(await readFile(file));
    }
  }
  return hash.digest('hex');
}

async function builtKey(): Promise<string | undefined> {
  return readFile(join(DIST, KEY_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** In an order of its own; of a file: itself. */
async function filesUnder(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTDIR') return undefined;
      throw error;
    },
  );
  if (entries === undefined) return [path];
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.sort();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({ options: { force: { type: 'boolean', default: false } } });
await buildConsole(values.force);
