/** Starts the given main process, opens the example as a first start does, and prints the outcome as JSON. */
import { ask, connect } from './page.ts';
import { seen } from './stand-in.ts';

const main = process.argv.pop()!;
await import(main);
await new Promise((resolve) => setTimeout(resolve, 20));
const [window] = seen.windows;
ask(window.webContents);
ask(window.webContents, window.webContents.mainFrame, 'umbra:open-lab', 'example');
const told = window.webContents.sent.slice(1).map(({ message }) => message.umbra);
const client = connect(window);
const { run } = await client.request('example', {});
const captures = await client.request('captures', {});
const report = await client.request('report', { run, form: 'html', notes: '' });
const { rows } = await client.request('sql', { sql: 'select count(*) from capture', limit: 1 });
const { script } = await client.request('boards', {});
// DuckDB, out of the package.
const folder = process.env['UMBRA_TEST_CAMPAIGN']!;
const campaign = await client.request('campaign', { folder });
const { pair } = await client.request('campaignPairs', { folder, policy: 'map-on-fault' });
process.stdout.write(
  JSON.stringify({
    title: window.title,
    told,
    captures: captures.map((c) => c.name),
    report: report.file,
    rows: rows[0][0],
    ...{ script, collected: campaign.collected, pairs: pair },
  }),
);
process.exit();
