/** Takes a mail, or a box of mails (mbox), apart: the text and attachments in it, decoded. MIME is the library's business. */
import { once } from 'node:events';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import mailsplit from '@zone-eu/mailsplit';
import type { SplitterChunk } from '@zone-eu/mailsplit';
import { SEPARATOR } from './layers.ts';

/** Where parts go, one after the other. */
export interface Parts {
  /** @param name the attachment's own, or `part-1.txt` */
  begin(name: string): void;
  write(bytes: Uint8Array): void;
}

/** Hands out the parts of all mails. What `parts` throws ends the work. */
export async function takeMailApart(file: AsyncIterable<Uint8Array>, parts: Parts): Promise<void> {
  const box = new Box(file);
  let n = 0;
  while (!box.done) {
    await pipeline(
      box.next(),
      new mailsplit.Splitter({ defaultInlineEmbedded: true }),
      async (found: AsyncIterable<SplitterChunk>) => {
        let part: Part | undefined;
        for await (const piece of found) {
          if (piece.type === 'node') {
            await part?.end();
            part = undefined;
            if (piece.multipart || piece.messageNode) continue;
            parts.begin(piece.filename || `part-${++n}.${piece.contentType === 'text/html' ? 'html' : 'txt'}`);
            part = new Part(piece.getDecoder(), parts);
          } else if (piece.type === 'body') await part?.write(piece.value);
        }
        await part?.end();
      },
    );
  }
}

/** A part whose bytes are being decoded. */
class Part {
  readonly #decoder: Transform;
  readonly #written: Promise<void>;

  constructor(decoder: Transform, parts: Parts) {
    this.#decoder = decoder;
    this.#written = pipeline(decoder, async (bytes: AsyncIterable<Buffer>) => {
      for await (const piece of bytes) parts.write(piece);
    });
    // Whoever writes or ends hears of it.
    this.#written.catch(() => undefined);
  }

  async write(bytes: Buffer): Promise<void> {
    if (!this.#decoder.write(bytes)) await Promise.race([once(this.#decoder, 'drain'), this.#written]);
  }

  async end(): Promise<void> {
    this.#decoder.end();
    await this.#written;
  }
}

/** A box's next mail begins behind a blank line. */
const NEXT = new RegExp(`\\r?\\n(?=\\r?\\n${SEPARATOR.source.slice(1)})`, 'm');
/** Longest text that NEXT matches. */
const MAX_SEPARATOR = 1000;

/** The mails of a file: one, unless it is a box. */
class Box {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #isBox: boolean | undefined;
  #text = '';
  #ended = false;
  done = false;

  constructor(file: AsyncIterable<Uint8Array>) {
    this.#pieces = file[Symbol.asyncIterator]();
  }

  /** The next one. To be read whole. */
  async *next(): AsyncGenerator<Buffer> {
    this.#text = this.#text.trimStart();
    for (;;) {
      const next = this.#isBox ? NEXT.exec(this.#text) : null;
      const sure = this.#ended ? this.#text.length : this.#text.length - MAX_SEPARATOR;
      const end = next ? next.index + next[0].length : sure;
      if (end > 0) {
        yield Buffer.from(this.#text.slice(0, end), 'latin1');
        this.#text = this.#text.slice(end);
      }
      this.done = !next && this.#ended;
      if (next || this.done) return;
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    const { value, done } = await this.#pieces.next();
    this.#ended = done === true;
    if (!done) this.#text += Buffer.from(value).toString('latin1');
    // A piece holds more than the first line.
    this.#isBox ??= SEPARATOR.test(this.#text.slice(0, this.#text.indexOf('\n')));
  }
}
