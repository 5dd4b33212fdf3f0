/** Inputs and places that are larger, smaller or stranger than a lab expects: each ends soon, in one line, in bounded memory. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';
import { describe, expect, it } from 'vitest';
import { textTable } from '../../core/cli/table.ts';
import { browserPath } from './browser.ts';
import { pair, temporaryFolder, umbra } from './umbra.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
const small = fileURLToPath(new URL('../fixtures/spe/one-record.perf.data', import.meta.url));

/** 600 MB of zeros: `head -c 600M /dev/zero | bzip2`. */
const zerosInBzip2 =
  'QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZDgni3wFfjkAAwAAACCAAMIBNRkKgJakKgJcxQVkmU1kOCeLfAV+OQADAAAAIIAAwgE1GQqAlqQqAlzFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZDgni3wFfjkAAwAAACCAAMIBNRkKgJakKgJcxQVkmU1kOCeLfAV+OQADAAAAIIAAwgE1GQqAlqQqAlzFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZDgni3wFfjkAAwAAACCAAMIBNRkKgJakKgJcxQVkmU1kOCeLfAV+OQADAAAAIIAAwgE1GQqAlqQqAlzFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZDgni3wFfjkAAwAAACCAAMIBNRkKgJakKgJcxQVkmU1kOCeLfAV+OQADAAAAIIAAwgE1GQqAlqQqAlzFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZPLLSDwD4lkAQwAAgAAAIIAAwzAmqaaiUqDakSlQeLuSKcKEgPl2gNg==';

function labWith(file: string): string {
  const lab = join(temporaryFolder(), 'lab.umbra');
  expect(umbra('import', file, '--db', lab).code).toBe(0);
  return lab;
}

describe('many rows', () => {
  const rows = 140_000;

  it('of a query are all printed', () => {
    const lab = labWith(small);
    const sql = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows}) select i from n`;
    const { code, stdout } = umbra('sql', sql, '--db', lab);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([rows + 1, 'i', String(rows)]);
    const json = umbra('sql', sql, '--db', lab, '--json');
    expect((JSON.parse(json.stdout) as unknown[]).length).toBe(rows);
  });

  it('of a table are aligned', () => {
    const text = textTable(
      ['n'],
      Array.from({ length: rows }, (_, i) => [String(i)]),
      'r',
    );
    expect(text.split('\n')).toHaveLength(rows + 2);
    expect(text.startsWith('     n\n     0\n')).toBe(true);
  });
});

describe('bad requests have a line of their own', () => {
  it.each([
    ['two statements', ['sql', 'select 1; select 2', '--db', 'LAB'], /^umbra: SQL: .*more than one statement\n$/],
    ['no statement', ['sql', ';', '--db', 'LAB'], /^umbra: SQL: .*\n$/],
    [
      'a value of 100 MB',
      ['sql', "select printf('%.*c', 100000000, 'x')", '--db', 'LAB'],
      /^umbra: a value of 100000000 characters.*substr.*\n$/,
    ],
    ['a NUL in the path of a capture', ['import', 'a\0b', '--db', 'LAB'], /^umbra: .*NUL.*\n$/],
    ['a NUL in the path of a lab', ['captures', '--db', 'a\0b'], /^umbra: .*NUL.*\n$/],
    [
      'a NUL in the path of an output',
      ['export', '--db', 'LAB', '--capture', '1', '--to', 'csv', '-o', 'a\0b'],
      /^umbra: .*NUL.*\n$/,
    ],
  ])('%s', (_, words, line) => {
    const lab = labWith(small);
    const { code, stderr } = umbra(...words.map((word) => (word === 'LAB' ? lab : word)));
    expect(stderr).toMatch(line);
    expect(code).toBe(1);
  });
});

it('parameters with a string of 12 MB of escapes are read to the end', () => {
  const lab = labWith(small);
  const file = join(temporaryFolder(), 'long.json');
  writeFileSync(file, `{"x": "${'\\\\u0000'.repeat(2_000_000)}"}`);
  const { code, stderr } = umbra('replay', '--db', lab, '--spe', '1', '--kvm', '1', '--params', file);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^umbra: .*long\.json: unknown parameter x; .*\n$/)]);
});

const unshare = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.runIf(unshare)('a lab on a read-only file system', () => {
  it('is read; what would write says so in one line', () => {
    const lab = labWith(small);
    const disk = join(temporaryFolder(), 'disk');
    mkdirSync(disk);
    const umbraThere = `${process.execPath} ${bin}`;
    const script = `mount -t tmpfs tmpfs ${disk} && cp ${lab} ${disk}/lab.umbra && mount -o remount,ro ${disk}
      ${umbraThere} captures --db ${disk}/lab.umbra --json | grep -c sha256
      ${umbraThere} import ${pair.kvm} --db ${disk}/lab.umbra; echo import $?
      ${umbraThere} import ${pair.kvm} --db ${disk}/new.umbra; echo new $?
      cmp ${lab} ${disk}/lab.umbra && ls ${disk}`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'bash', '-c', script], {
      encoding: 'utf8',
      timeout: 150_000,
    });
    expect(stdout).toBe('1\nimport 1\nnew 1\nlab.umbra\n');
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^umbra: .*\/(lab|new)\.umbra: .*read-only/);
  });
});

describe('what is packed', () => {
  function refused(name: string, bytes: Uint8Array | ((path: string) => void), reason: RegExp): void {
    const path = join(temporaryFolder(), name);
    if (typeof bytes === 'function') bytes(path);
    else writeFileSync(path, bytes);
    // Of its own: other tests unpack, too.
    const env = { ...process.env, TMPDIR: temporaryFolder() };
    const words = [bin, 'import', path, '--db', join(temporaryFolder(), 'lab.umbra')];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', env });
    expect(stderr).toMatch(reason);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(status).toBe(1);
    expect(readdirSync(env.TMPDIR)).toEqual([]);
  }

  it('in gzip may not grow beyond all reason', () => {
    const part = gzipSync(Buffer.alloc(10 << 20));
    refused(
      'zeros.gz',
      Buffer.concat(Array.from({ length: 30 }, () => part)),
      /zeros\.gz: gzip: grows beyond \d+ bytes/,
    );
  });

  it('in bzip2 neither, though a block of it is 46 MB', () => {
    refused('zeros.bz2', Buffer.from(zerosInBzip2, 'base64'), /zeros\.bz2: bzip2: grows beyond \d+ bytes/);
  });

  it('in a tar of more than 200 files is not searched', () => {
    refused(
      'many.tar',
      (path) => {
        const cwd = temporaryFolder();
        const files = Array.from({ length: 201 }, (_, i) => `f${i}`);
        for (const file of files) writeFileSync(join(cwd, file), 'x');
        create({ file: path, cwd, sync: true }, files);
      },
      /many\.tar: a tar of more than 200 files/,
    );
  });

  it('in a zip of more than 200 files neither', () => {
    refused('many.zip', zipOf(201), /many\.zip: a zip of more than 200 files/);
  });
});

/** A zip of `n` empty files (APPNOTE.TXT, 4.3). */
function zipOf(n: number): Uint8Array {
  const name = (i: number) => Buffer.from(`f${String(i).padStart(4, '0')}`);
  const locals = Array.from({ length: n }, (_, i) => {
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(10, 4);
    head.writeUInt16LE(name(i).length, 26);
    return Buffer.concat([head, name(i)]);
  });
  const central = locals.map((local, i) => {
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE(10, 4);
    head.writeUInt16LE(10, 6);
    head.writeUInt16LE(name(i).length, 28);
    head.writeUInt32LE(i * local.length, 42);
    return Buffer.concat([head, name(i)]);
  });
  const [files, directory] = [Buffer.concat(locals), Buffer.concat(central)];
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(n, 8);
  end.writeUInt16LE(n, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(files.length, 16);
  return Buffer.concat([files, directory, end]);
}

it('the browser that prints a PDF runs no script', async () => {
  const folder = temporaryFolder();
  const [page, printed] = [join(folder, 'page.html'), join(folder, 'page.pdf')];
  const grow = 'document.body.innerHTML = \'<p style="break-after:page">x</p>\'.repeat(20)';
  writeFileSync(
    page,
    `<!doctype html><title>t</title><body>one page<script>${grow}</script><img src=x onerror="${grow.replaceAll('"', '&quot;')}">`,
  );
  const program = fileURLToPath(new URL('../../core/lab/reports/pdf-print.ts', import.meta.url));
  const args = [program, await browserPath(), page, join(folder, 'profile'), printed];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  expect([status, stderr]).toEqual([0, '']);
  expect(existsSync(printed), pathToFileURL(page).href).toBe(true);
  expect(readFileSync(printed, 'latin1').match(/\/Type \/Page\b/g)).toHaveLength(1);
});
