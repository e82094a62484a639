import { relative } from 'node:path';
import type { TypeScriptBody } from '../../model/endpoint.js';
import type { PluginSettings } from '../../model/settings.js';
import type { ModuleSource } from './body-problem.js';
import type { ToWorker } from './protocol.js';

/** A module of a site and what a worker does with it: has a body in it, makes a plugin, or runs `onInit`. */
export type SiteModule = ModuleSource &
  (
    | { readonly kind: 'body'; readonly body: TypeScriptBody }
    | { readonly kind: 'plugin'; readonly plugin: PluginSettings }
    | { readonly kind: 'hooks' }
  );

/** What a worker is told to load a module with. */
export function loadMessage(number: number, url: string, module: SiteModule): ToWorker {
  const head = { module: number, url };
  switch (module.kind) {
    case 'body':
      return { type: 'load', ...head, names: module.body.exportNames };
    case 'plugin':
      return { type: 'plugin', ...head, name: module.plugin.name, config: module.plugin.config };
    case 'hooks':
      return { type: 'hooks', ...head };
  }
}

/** The modules of a site in the order in which workers load them: plugins, bodies, hooks. */
export function siteModules(
  root: string,
  bodies: readonly TypeScriptBody[],
  plugins: readonly PluginSettings[],
  hookFiles: readonly string[],
): readonly SiteModule[] {
  return [
    ...plugins.map((plugin): SiteModule => {
      const source = { text: '', origin: plugin.origin, indent: 0 };
      return { kind: 'plugin', plugin, file: plugin.module, source };
    }),
    ...bodies.map((body): SiteModule => ({ kind: 'body', body, file: body.file, source: body.source })),
    ...hookFiles.map((file): SiteModule => {
      const origin = { file: relative(root, file), line: 1, column: 1 };
      return { kind: 'hooks', file, source: { text: '', origin, indent: 0 } };
    }),
  ];
}
