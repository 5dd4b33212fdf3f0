/** Names of boards, and what becomes of them on ssh's command line; names to choose from. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { configuredBoards } from '../../core/lab/board/boards.ts';
import { checkHost } from '../../core/lab/board/host.ts';
import { parseLine } from '../../core/lab/board/lines.ts';
import { kitWords } from '../../core/lab/board/record.ts';
import { sshArguments } from '../../core/lab/board/ssh.ts';
import { shellLine } from '../../core/words/shell.ts';

it.each([
  'board',
  'root@altra-07',
  'me@10.0.0.7',
  'fe80::1%eth0',
  '::1',
  'me@2001:db8::7',
  'ssh://me@board:2222',
  'ssh://[::1]:22',
  'a_b.c',
])('is a host: %s', (host) => expect(checkHost(host)).toBe(host));

it.each([
  '-oProxyCommand=x',
  '-l@x',
  'x;y',
  'x y',
  '$(x)',
  '`x`',
  "x'",
  'x"',
  'x\ny',
  'x%h',
  'a b@x',
  '@x',
  'x@',
  'x|y',
  'x&',
  '~',
  '',
  'ssh://x/y',
  'ssh://-x',
  'x,y',
  'ä',
  'x\\y',
  'a'.repeat(300),
])('is none: %j', (host) => {
  expect(() => checkHost(host)).toThrow(/is no host/);
  expect(() => sshArguments({ host }, 'x')).toThrow(/is no host/);
  expect(() => sshArguments({ host: 'x', jump: host }, 'x')).toThrow(/is no host/);
});

it('a host stands behind --, and asks nothing but on a terminal', () => {
  const words = sshArguments({ host: 'me@board', jump: 'host' }, 'command');
  expect(words.slice(-3)).toEqual(['--', 'me@board', 'command']);
  expect(words.join(' ')).toMatch(/^-T -a -x -o BatchMode=yes .*-J host -- /);
  expect(sshArguments({ host: 'board', terminal: true }, 'command')).not.toContain('BatchMode=yes');
});

it('options become the kit’s, and a command’s words stay what they are', () => {
  const request = {
    host: 'me@board',
    seconds: 5,
    mib: 64,
    monitor: '127.0.0.1:4444',
    command: ["it's", '$x', '-t', ''],
  };
  const words = kitWords(request, request.host);
  expect(words.join(' ')).toMatch(
    /^record -W -n umbra-board-\d{8}-\d{6} -t 5 -s 64 -m 127\.0\.0\.1:4444 -- it's \$x -t $/,
  );
  expect(shellLine(words)).toMatch(/ -- 'it'\\''s' '\$x' -t ''$/);
});

it('lines of the script are told apart from all else, which is shown escaped', () => {
  expect(parseLine('umbra-capture: progress 3 2048 100 7')).toEqual({
    kind: 'progress',
    seconds: 3,
    bytes: 2097152,
    events: 100,
    lost: 7,
  });
  expect(parseLine('umbra-capture: progress 3 2048 - -')).toEqual({ kind: 'progress', seconds: 3, bytes: 2097152 });
  expect(parseLine('umbra-capture: clock 7 12.345678 s')).toEqual({
    kind: 'clock',
    number: 7,
    at: 12345678000n,
    resolution: 1000,
  });
  expect(parseLine('umbra-capture: clock 7 12345.678901 ms')).toEqual({
    kind: 'clock',
    number: 7,
    at: 12345678901n,
    resolution: 1,
  });
  expect(parseLine('umbra-capture: clock 7 -')).toEqual({ kind: 'clock', number: 7, resolution: 0 });
  expect(parseLine('umbra-capture: sending 12')).toEqual({ kind: 'state', state: 'sending', bytes: 12288 });
  expect(parseLine('\x1b[2Jgone\u202e')).toEqual({ kind: 'said', text: '\\x1b[2Jgone\\x202e' });
});

it('names come from ~/.ssh/config and what it includes, without patterns', () => {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-ssh-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'conf'));
  writeFileSync(join(folder, 'more'), 'Host inner\n');
  writeFileSync(
    join(folder, 'config'),
    `Host altra *.lab !no\n  HostName 10.0.0.1\nhost = "quoted"\nInclude ${join(folder, 'more')} nowhere\nHost $(x) altra\nHostKeyAlias y\n`,
  );
  expect(configuredBoards(join(folder, 'config'))).toEqual(['altra', 'quoted', 'inner']);
  expect(configuredBoards(join(folder, 'missing'))).toEqual([]);
});
