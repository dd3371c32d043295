/** A kernel's drivers, from the index files that depmod writes beside them. */
import { moduleNameOf, normalizeModuleName } from './initramfs.ts';

export interface KernelModules {
  readonly builtIn: ReadonlySet<string>;
  /** Module name → its path, relative to the modules folder. */
  readonly paths: ReadonlyMap<string, string>;
  /** Module name → names it needs, everything included. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

/** `modules.dep`: `path: needed-path needed-path`; `modules.builtin`: one path a line. */
export function parseKernelModules(modulesDep: string, modulesBuiltIn: string): KernelModules {
  const paths = new Map<string, string>();
  const needs = new Map<string, readonly string[]>();
  for (const line of modulesDep.split('\n')) {
    const [path = '', needed = ''] = line.split(':', 2);
    const name = moduleNameOf(path.trim());
    if (name === undefined) continue;
    paths.set(name, path.trim());
    needs.set(
      name,
      needed
        .trim()
        .split(/\s+/)
        .flatMap((each) => moduleNameOf(each) ?? []),
    );
  }
  const builtIn = modulesBuiltIn.split('\n').flatMap((line) => moduleNameOf(line.trim()) ?? []);
  return { builtIn: new Set(builtIn), paths, needs };
}

/** Whether the kernel has the driver at all, built in or as a module. */
export function knowsModule(modules: KernelModules, name: string): boolean {
  const normal = normalizeModuleName(name);
  return modules.builtIn.has(normal) || modules.paths.has(normal);
}

/** The module and all it needs, as names; nothing for what is built in. */
export function withNeeded(modules: KernelModules, name: string): string[] {
  const normal = normalizeModuleName(name);
  if (modules.builtIn.has(normal) || !modules.paths.has(normal)) return [];
  return [...new Set([...(modules.needs.get(normal) ?? []), normal])];
}
