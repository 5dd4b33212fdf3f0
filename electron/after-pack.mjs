/** electron-builder's afterPack hook: no installer without the native code that it needs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Arch } from 'electron-builder';
import { bindingOf } from './bindings.mjs';

/** @param {import('electron-builder').AfterPackContext} context */
export default function checkNatives({ appOutDir, arch, electronPlatformName, packager }) {
  const name = bindingOf(electronPlatformName, Arch[arch]);
  if (existsSync(join(packager.getResourcesDir(appOutDir), 'app.asar.unpacked', name, 'duckdb.node'))) return;
  throw new Error(
    `${name} isn’t installed: \`node electron/bindings.mjs ${Arch[arch]}\` fetches it, or build for ${process.arch} alone (--${process.arch})`,
  );
}
