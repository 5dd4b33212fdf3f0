/** Mails taken apart: which files are mails that must be, and what their parts hold. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { isMail } from '../../core/lab/import/packed/layers.ts';
import { takeMailApart } from '../../core/lab/import/packed/mail.ts';

async function parts(text: string): Promise<[name: string, text: string][]> {
  const found: [string, string][] = [];
  // In pieces that break anywhere.
  await takeMailApart(
    Readable.from(
      Buffer.from(text, 'latin1')
        .toString('latin1')
        .match(/[^]{1,700}/g)!
        .map((t) => Buffer.from(t, 'latin1')),
    ),
    {
      begin: (name) => found.push([name, '']),
      write: (bytes) => (found[found.length - 1][1] += Buffer.from(bytes).toString('latin1')),
    },
  );
  return found;
}

const HEAD = 'From: a@b.c\nSubject: trace\nMIME-Version: 1.0\n';
const QP = 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n';
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\n');

describe('is a mail that must be decoded', () => {
  test.each([
    [true, `${HEAD}${QP}\n`],
    [true, `From a@b.c Mon Nov 23 16:22:14 2026\n${HEAD}${QP}\n`],
    [true, `${HEAD.replaceAll('\n', '\r\n')}content-transfer-encoding: BASE64\r\n\r\n`],
    [true, `${HEAD}Content-Type: multipart/mixed; boundary=x\n\n`],
    // As text.
    [false, `${HEAD}Content-Transfer-Encoding: 8bit\n\n`],
    [false, `${HEAD}\n`],
    [false, `# tracer: nop\n${HEAD}${QP}\n`],
    [false, 'key: value\nContent-Transfer-Encoding: base64\n\n'],
    [false, ''],
  ])('%j: %j', (is, head) => {
    expect(isMail(head)).toBe(is);
  });
});

describe('parts', () => {
  test('quoted-printable: bytes, joined lines, blanks behind', async () => {
    expect(await parts(`${HEAD}${QP}\na=3Db=C3=A9 lo=\nng =  \nline=20\nend\n`)).toEqual([
      ['part-1.txt', 'a=b\xc3\xa9 long line \nend\n'],
    ]);
  });

  test('base64, whose lines break anywhere', async () => {
    const text = 'hello, world\n'.repeat(20);
    const broken = base64(text).replaceAll('\n', '').replace(/.{13}/g, '$&\n');
    expect(await parts(`${HEAD}Content-Transfer-Encoding: base64\n\n${broken}\n`)).toEqual([['part-1.txt', text]]);
  });

  test('several, nested, with names; what is around them is left out', async () => {
    const mail = `${HEAD}Content-Type: multipart/mixed;\n boundary="a b"\n\nfor old programs\n--a b\nContent-Type: multipart/alternative; boundary=in\n
--in\n${QP}\nsee=20below\n--in\nContent-Type: text/html\n\n<p>see\n--in--\n\n--a b\nContent-Type: application/gzip; name=x.gz
Content-Disposition: attachment; filename="trace.txt.gz"\nContent-Transfer-Encoding: base64\n\n${base64('zipped')}\n--a b--\nfoot\n`;
    expect(await parts(mail)).toEqual([
      ['part-1.txt', 'see below'],
      ['part-2.html', '<p>see'],
      ['trace.txt.gz', 'zipped'],
    ]);
  });

  test('a forwarded mail in it', async () => {
    const mail = `${HEAD}Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n${HEAD}${QP}\na=3D1\n--x--\n`;
    expect(await parts(mail)).toEqual([['part-1.txt', 'a=1']]);
  });

  test('what the reader of a part throws ends it', async () => {
    const mail = `${HEAD}Content-Transfer-Encoding: base64\n\n${base64('x'.repeat(300_000))}\n`;
    const enough = takeMailApart(Readable.from([Buffer.from(mail)]), {
      begin: () => undefined,
      write: () => {
        throw new Error('enough');
      },
    });
    await expect(enough).rejects.toThrow('enough');
  });

  test('a box of mails', async () => {
    const from = 'From a@b.c Mon Nov 23 16:22:14 2026\n';
    expect(await parts(`${from}${HEAD}${QP}\none=3D1\n\n${from}${HEAD}\ntwo=3D2\nFrom here 12:00\n`)).toEqual([
      ['part-1.txt', 'one=1\n'],
      ['part-2.txt', 'two=3D2\nFrom here 12:00\n'],
    ]);
  });
});
