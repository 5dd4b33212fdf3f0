import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';

/** The page's first script is small, and starts the connection: the browser fetches the app's own code meanwhile, without being asked. */
const preloadApp: Plugin = {
  name: 'umbra-preload-app',
  transformIndexHtml: {
    order: 'post',
    handler(_, { bundle }) {
      const chunks = Object.values(bundle ?? {}).filter((part) => part.type === 'chunk');
      const app = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith('/renderer/app.ts'));
      if (!app) throw new Error('no chunk of renderer/app.ts');
      return [app.fileName, ...app.imports].map((file) => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', crossorigin: true, href: `./${file}` },
        injectTo: 'head' as const,
      }));
    },
  },
};

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rollupOptions: {
        input: {
          index: 'electron/main/index.ts',
          // Threads of an import: core/lab/import/threads.ts looks for them beside the bundle that holds it.
          'chunks/spe-worker': 'core/lab/import/spe-worker.ts',
          'chunks/trace-worker': 'core/lab/import/trace-worker.ts',
          'chunks/hash-worker': 'core/lab/import/hash-worker.ts',
          'chunks/unpack-worker': 'core/lab/import/packed/unpack-worker.ts',
        },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      // A sandboxed preload is one CommonJS file.
      externalizeDeps: false,
      rollupOptions: {
        input: { index: 'electron/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'renderer',
    plugins: [vue(), preloadApp],
    build: {
      outDir: 'out/renderer',
      rollupOptions: { input: 'renderer/index.html' },
      // The pages' policy allows no data: scripts or fonts, and small files don't hurt on loopback.
      assetsInlineLimit: 0,
      minify: true,
      modulePreload: { polyfill: false },
    },
  },
});
