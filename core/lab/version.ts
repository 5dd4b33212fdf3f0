/** Umbra's version. Separate from about.ts, since `umbra --version` needs nothing else. */
import packageJson from '../../package.json' with { type: 'json' };

export const version: string = packageJson.version;
