import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseCampaign } from '../../core/lab/campaign/file.ts';
import { datasetTables } from '../../core/lab/campaign/tables.ts';
import type { DatasetTable } from '../../core/lab/campaign/tables.ts';

const docs = readFileSync(fileURLToPath(new URL('../../docs/campaigns.md', import.meta.url)), 'utf8');

it('docs/campaigns.md has every table and column of the dataset, and no other', () => {
  const sections = docs.split(/^### /m).slice(1);
  const documented = sections.map((section) => [
    section.split('\n')[0],
    [...section.matchAll(/^\| (\w+) +\| (\w+) +\|/gm)].map(([, name, kind]) => `${name} ${kind}`).slice(1),
  ]);
  expect(documented).toEqual(
    Object.entries<DatasetTable>(datasetTables).map(([name, { columns }]) => [
      name,
      columns.map((c) => `${c.name} ${c.kind}`),
    ]),
  );
});

it('its example is a campaign file', () => {
  const [, toml] = /```toml\n(.*?)```/s.exec(docs)!;
  expect(parseCampaign('.', 'campaign.toml', toml!).file.pairs).toHaveLength(1);
});
