import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCampaign, readCampaign } from '../../core/lab/campaign/file.ts';
import { FileHashes, fingerprintOf } from '../../core/lab/campaign/fingerprint.ts';
import { glob, matches } from '../../core/lab/campaign/glob.ts';
import { initCampaign } from '../../core/lab/campaign/init.ts';
import { campaignPairs } from '../../core/lab/campaign/pairs.ts';
import { campaignSettings } from '../../core/lab/campaign/settings.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'umbra-test-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, text = path): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const pairs =
  '[[pairs]]\nspe = "{board}/{workload}-{repetition}/spe.data"\nkvm = "{board}/{workload}-{repetition}/kvm.dat"\n';
const campaign = (text: string, name = 'campaign.toml') => parseCampaign(folder, name, text);

describe('campaign files', () => {
  it.each([
    [
      'an unknown field',
      `${pairs}nmae = "x"\n`,
      'campaign.toml:4: pairs.0: no field is called nmae: there are spe, kvm, file',
    ],
    ['a wrong type', `title = 3\n${pairs}`, 'campaign.toml:1: title: '],
    ['a field of the second table', `${pairs}\n[[pairs]]\nspe = "a"\nkvm = 7\n`, 'campaign.toml:7: pairs.1.kvm: '],
    ['half a pair', '[[pairs]]\nspe = "a"\n', 'campaign.toml:1: pairs.0: wants spe and kvm, or file'],
    ['a check that there is none of', `${pairs}[replay]\nchecks = ["dl-9"]\n`, 'campaign.toml:5: replay.checks'],
    ['a factor that is a column', `${pairs}factors = { policy = "x" }\n`, 'campaign.toml:4: pairs.0.factors.policy: '],
    ['one factor for both', `unit = "n"\nrepetition = "n"\n${pairs}`, 'unit and repetition are both n'],
    ['no TOML', 'title = \n', 'campaign.toml:1:'],
  ])('name file, line and field of %s', (_, text, message) => {
    expect(() => campaign(text)).toThrow(message);
  });

  it('are JSON as well, with the same errors', () => {
    const text = '{\n "title": "t",\n "pairs": [\n  {"spe": "a", "kvm": "b"},\n  {"spe": "c",\n   "kvm": []}\n ]\n}';
    expect(() => campaign(text, 'campaign.json')).toThrow('campaign.json:6: pairs.1.kvm: ');
    expect(campaign(text.replace('[]}', '"d"}'), 'campaign.json').file.title).toBe('t');
  });

  it('name the line of a parameter, a policy or a pattern that isn’t right', () => {
    put('n1/scan-1/spe.data');
    const bad = (text: string) => () => campaignSettings(campaign(`${pairs}${text}`));
    expect(bad('[replay.params]\nirqNs = -5\n')).toThrow(
      'campaign.toml:5: replay.params.irqNs: parameters: irqNs wants',
    );
    expect(bad('[replay]\npolicies = ["nope"]\n')).toThrow("campaign.toml:4: replay: unknown policy 'nope'");
    const found = (text: string) => () => campaignPairs(campaign(text));
    expect(found('[[pairs]]\nspe = "none/*"\nkvm = "x"\n')).toThrow(
      'campaign.toml:2: pairs.0.spe: no file matches none/*',
    );
    expect(found('[[pairs]]\nspe = "n1/*/spe.data"\nkvm = "{x}"\n')).toThrow(
      'campaign.toml:3: pairs.0.kvm: {x} isn’t in spe',
    );
    expect(found(`partition = ["kernel"]\n${pairs}`)).toThrow(
      'campaign.toml:1: partition: no pair has a factor kernel',
    );
  });

  it('are written by init so that they read back', () => {
    const made = initCampaign(folder);
    expect(made.patterns).toEqual([]);
    expect(readCampaign(folder).file).toMatchObject({ unit: 'board', replay: { policies: ['all'], checks: true } });
    expect(() => initCampaign(folder)).toThrow('exists already; it was left as it is');
  });
});

describe('patterns', () => {
  it('capture factors, look below **, and keep a factor the same within a path', () => {
    for (const path of ['n1/scan-1/n1.data', 'n1/scan-2/n2.data', 'n2/a-b-3/n2.data', '.n3/x-1/n3.data']) put(path);
    expect(glob(folder, '{board}/{workload}-{repetition}/{board}.data')).toEqual([
      { path: 'n1/scan-1/n1.data', factors: { board: 'n1', workload: 'scan', repetition: '1' } },
      { path: 'n2/a-b-3/n2.data', factors: { board: 'n2', workload: 'a-b', repetition: '3' } },
    ]);
    expect(glob(folder, '**/n2.data').map(({ path }) => path)).toEqual(['n1/scan-2/n2.data', 'n2/a-b-3/n2.data']);
    expect(glob(folder, 'n1/scan-1/n1.data')).toHaveLength(1);
    expect(glob(folder, join(folder, 'n1/*/n1.data'))).toHaveLength(1);
    expect(matches('n1/**', 'n1/scan-1/n1.data')).toBe(true);
    expect(matches('n?/**', 'n1/scan-1/n1.data')).toBe(false);
  });

  it('make pairs: factors, keys, what is missing, what is left out', () => {
    for (const path of ['n1/scan-1', 'n1/scan-2', 'n2/scan-1', 'n2/bad-1']) put(`${path}/spe.data`);
    for (const path of ['n1/scan-1', 'n1/scan-2']) put(`${path}/kvm.dat`);
    const made = campaignPairs(
      campaign(`partition = ["kernel"]\n${pairs}except = ["*/bad-*/**"]\nfactors = { kernel = 6.12 }\n`),
    );
    expect(made.factors).toEqual(['kernel', 'board', 'workload', 'repetition']);
    expect(made.pairs.map(({ key, missing }) => [key, missing])).toEqual([
      ['6.12/n1/scan/1', undefined],
      ['6.12/n1/scan/2', undefined],
      ['6.12/n2/scan/1', 'no KVM trace: n2/scan-1/kvm.dat isn’t there'],
    ]);
  });

  it('number what is alike in all factors, and refuse names that two pairs share', () => {
    for (const path of ['a/s', 'a/k', 'b/s', 'b/k']) put(path);
    const two = (extra: string) =>
      ['a', 'b'].map((p) => `[[pairs]]\nspe = "${p}/s"\nkvm = "${p}/k"\n${extra}`).join('');
    expect(campaignPairs(campaign(two('factors = { board = "n 1" }\n'))).pairs.map(({ key }) => key)).toEqual([
      'n-1',
      'n-1~2',
    ]);
    expect(() => campaignPairs(campaign(two('name = "x"\n')))).toThrow('two pairs are named x: b/s is the second');
  });
});

describe('fingerprints', () => {
  const print = (text: string) => {
    const read = campaign(text);
    return fingerprintOf(read, campaignSettings(read), campaignPairs(read).pairs[0]!, new FileHashes(folder)).id;
  };

  it('change with content, settings and companions, not with names or factors', () => {
    const one = '[[pairs]]\nspe = "s.perf.data"\nkvm = "k.trace.dat"\n';
    put('s.perf.data');
    put('k.trace.dat');
    const first = print(one);
    expect(print(`${one}factors = { board = "n1" }\nname = "x"\nnote = "y"\n`)).toBe(first);
    expect(print(`${one}[replay.params]\nirqNs = 5\n`)).not.toBe(first);
    expect(print(`${one}params = { irqNs = 5 }\n`)).toBe(print(`${one}[replay.params]\nirqNs = 5\n`));
    expect(print(`${one}[replay]\nchecks = false\n`)).not.toBe(first);
    expect(print(`${one}[replay]\npolicies = ["map-on-fault"]\n`)).not.toBe(first);
    put('k.vm.json', '{}');
    const described = print(one);
    expect(described).not.toBe(first);
    rmSync(join(folder, 'k.vm.json'));
    put('s.perf.data', 'other');
    expect(print(one)).not.toBe(first);
    put('s.perf.data');
    expect(print(one)).toBe(first);
  });

  it('remember hashes until a file changes, and hash again what is damaged in the cache', () => {
    put('s');
    utimesSync(join(folder, 's'), 1e9, 1e9);
    let read = 0;
    const hash = (): string => {
      const hashes = new FileHashes(folder);
      const found = hashes.of(join(folder, 's'), (bytes) => (read += bytes));
      // Younger than the clock's tick: wait it out.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
      hashes.save();
      return found;
    };
    const first = hash();
    expect(read).toBe(1);
    expect([hash(), read]).toEqual([first, 1]);
    writeFileSync(join(folder, 's'), 't');
    utimesSync(join(folder, 's'), 1e9, 1e9);
    expect(hash()).not.toBe(first);
    expect(read).toBe(2);
    writeFileSync(join(folder, '.umbra/hashes.json'), '{"half');
    hash();
    expect(read).toBe(3);
  });
});
