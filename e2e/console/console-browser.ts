/**
 * Debian's Chromium with the console in it, and what must hold on every page: no console errors, no request
 * to anywhere else, no rule of accessibility broken.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type Browser, chromium, type Page } from 'playwright-core';

const PICTURES = join(import.meta.dirname, '../../docs/console');
const CHROMIUM = '/usr/bin/chromium';
const WINDOW = { width: 1280, height: 800 };
/** A page under load and emulation takes its time; nothing here depends on speed. */
const PATIENCE_MS = 60_000;
const QUIET_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const FAULT_CHARACTERS_MAX = 300;
const AXE_OPTIONS = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };

export interface ConsoleBrowserOptions {
  readonly url: string;
  readonly language?: string;
}

export class ConsoleBrowser {
  readonly page: Page;
  readonly #browser: Browser;
  readonly #url: string;
  readonly #faults: string[] = [];

  private constructor(browser: Browser, page: Page, { url }: ConsoleBrowserOptions) {
    this.#browser = browser;
    this.page = page;
    this.#url = url;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      const text = message.text().slice(0, FAULT_CHARACTERS_MAX);
      if (message.type() === 'error') this.#faults.push(`console: ${text} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.#faults.push(`page: ${error.message}`));
    page.on('request', (request) => {
      const address = request.url();
      if (!address.startsWith(`${url}/`) && !address.startsWith('data:'))
        this.#faults.push(`asked ${address}`);
    });
  }

  static async open(options: ConsoleBrowserOptions): Promise<ConsoleBrowser> {
    const pin = await publicKeyPin(options.url);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [...QUIET_FLAGS, `--ignore-certificate-errors-spki-list=${pin}`],
    });
    const context = await browser.newContext({
      viewport: WINDOW,
      locale: options.language ?? 'en-US',
      timezoneId: 'UTC',
      // What fades in has too little contrast for whoever looks meanwhile.
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    return new ConsoleBrowser(browser, await context.newPage(), options);
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.#url}${path}`);
  }

  /** From the sign-in page, however one came there. */
  async signIn(accessKeyId: string, secretAccessKey: string): Promise<void> {
    // The page behind it may have forms of its own, when a session has ended.
    const form = this.page.locator('form').filter({ has: this.page.locator('input[name="access-key-id"]') });
    await form.locator('input[name="access-key-id"]').fill(accessKeyId);
    await form.locator('input[name="secret-access-key"]').fill(secretAccessKey);
    await form.locator('button[type="submit"]').click();
  }

  /** What axe finds against WCAG 2.2 AA on the page as it is now. */
  async assertAccessible(): Promise<void> {
    await this.page.evaluate(await axeSource());
    const { violations: found } = await this.page.evaluate<AxeResult>(
      `axe.run(document, ${JSON.stringify(AXE_OPTIONS)})`,
    );
    const violations = found.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
    );
    assert.deepEqual(violations, [], `${this.page.url()} is not accessible`);
  }

  /** No errors but those that belong to what is tested, no strangers; since the last time this was asked. */
  assertQuiet(expected?: RegExp): void {
    const faults = this.#faults.splice(0).filter((fault) => expected?.test(fault) !== true);
    assert.deepEqual(faults, []);
  }

  /** Bytes on the wire since the page was loaded, bodies only. */
  transferredBytes(): Promise<number> {
    const resources = "performance.getEntries().filter((entry) => 'encodedBodySize' in entry)";
    return this.page.evaluate<number>(`${resources}.reduce((sum, entry) => sum + entry.encodedBodySize, 0)`);
  }

  /** For `docs/console`, when documentation is written; of the page as it is now, told apart by its name. */
  async picture(name: string): Promise<void> {
    if (process.env.LANDFALL_WRITE_DOCS !== '1') return;
    await mkdir(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  /** What must hold of every page that is come to: it is accessible, and quiet. */
  async look(name: string): Promise<void> {
    await this.assertAccessible();
    this.assertQuiet();
    await this.picture(name);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

function axeSource(): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
}

/** Of the control plane that listens there: the one key this browser takes besides the known authorities. */
function publicKeyPin(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
      socket.destroy();
      if (key === undefined) reject(new Error(`${url} showed no certificate`));
      else resolve(createHash('sha256').update(key).digest('base64'));
    });
    socket.once('error', reject);
  });
}
