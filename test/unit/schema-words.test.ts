/** What is said of JSON and TOML that people wrote, when a field of it is wrong: the field, what is allowed, what is there. */
import { describe, expect, it } from 'vitest';
import { parseCampaign } from '../../core/lab/campaign/file.ts';
import { parsePolicyFile } from '../../core/model/policy-file.ts';
import { parseScenario } from '../../core/model/scenario.ts';
import { parseVmDescription } from '../../core/model/vm.ts';

/** The schema library's own words. */
const THEIRS = /Invalid|received|expected|Unrecognized|Too (?:small|big)|>=|<=/;

function told(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

const kinds = '"map", "unmap", "write-protect", "access-clear"';
const answers = '"map", "repin", "external-abort", "serror", "impdef-event", "report-s2", "exit-to-userspace"';

describe('scenarios', () => {
  it.each([
    ['[]', 'wants an object with named fields, not a list'],
    ['{}', 'events: is missing: wants a list'],
    ['{"events":1}', 'events: wants a list, not 1'],
    ['{"events":[{"t":"1","kind":"map","lane":0}]}', 'events.0.t: wants a number, not "1"'],
    ['{"events":[{"t":1.5,"kind":"map","lane":0}]}', 'events.0.t: wants a whole number, not 1.5'],
    ['{"events":[{"t":1,"kind":"x","lane":0}]}', `events.0.kind: wants one of ${kinds}, not "x"`],
    ['{"events":[{"t":1,"lane":0,"cause":"host-mm"}]}', `events.0.kind: is missing: wants one of ${kinds}`],
    ['{"events":[{"t":1,"kind":"map","lane":-1}]}', 'events.0.lane: wants a number of at least 0, not -1'],
    ['{"events":[],"evnts":[]}', 'no field is called evnts: there is events'],
  ])('%s', (text, message) => expect(told(() => parseScenario(text, 's.json'))).toBe(`s.json: ${message}`));
});

describe('policies, VM descriptions, campaigns', () => {
  const pairs = '[[pairs]]\nspe="a"\nkvm="b"\n';
  it.each([
    [
      parsePolicyFile,
      '{"id":"x","pin":"vm","onFault":{}}',
      `p: onFault.first-touch: is missing: wants one of ${answers} (and 6 more)`,
    ],
    [parsePolicyFile, '{"id":"x","pin":"vm","title":""}', 'p: title: is empty (and 1 more)'],
    [parseVmDescription, '{"vms":[{"pid":"x"}]}', 'vms[0].pid: write a whole number'],
    [parseVmDescription, '{"vms":{}}', 'vms: wants a list, not an object'],
  ])('%o %s', (read, text, message) => expect(told(() => read(text, 'p'))).toBe(message));

  it.each([
    ['title = 1\n', 'c.toml:1: title: wants text, not 1'],
    [
      `jobs = 2\n${pairs}`,
      'c.toml:1: no field is called jobs: there are campaign, title, unit, repetition, partition, pairs',
    ],
    [
      `${pairs}[pairs.factors]\nboard=[1]\n`,
      'c.toml:1: pairs.0.factors.board: wants text, or a number, or true or false, not a list',
    ],
    [
      `${pairs}[pairs.factors]\nBoard=1\n`,
      "pairs.0.factors.Board: a name of a field that isn't allowed: wants a name of lower-case",
    ],
  ])('%s', (text, message) => {
    const said = told(() => parseCampaign('.', 'c.toml', text));
    expect(said).toContain(message);
  });

  it.each([parsePolicyFile, parseVmDescription, parseScenario])('no word of the schema library: %o', (read) => {
    const values = ['1', '"x"', 'null', 'true', '[]', '{}', '1.5', '-1', '1e300', '[[]]', '[null]', '[{}]'];
    const fields = ['id', 'pin', 'onFault', 'times', 'vms', 'pageSize', 'events'];
    const inner = ['t', 'kind', 'slots', 'pid', 'ipa', 'dl0', 'host-mm', 'buffers'];
    const texts = [
      ...values,
      ...fields.flatMap((f) => values.map((v) => `{"${f}":${v}}`)),
      ...fields.flatMap((f) => inner.flatMap((i) => values.map((v) => `{"${f}":[{"${i}":${v}}]}`))),
    ];
    expect(texts.map((text) => told(() => read(text, 'f'))).filter((said) => THEIRS.test(said))).toEqual([]);
  });
});
