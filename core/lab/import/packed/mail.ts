/** Takes a mail, or a box of mails, apart: the text and attachments in it, decoded (RFC 5322, 2045, 2046). */

/** Where parts go, one after the other. */
export interface Parts {
  /** @param name the attachment's own, or `part-1.txt` */
  begin(name: string): void;
  write(bytes: Uint8Array): void;
}

const HEADER = /^[A-Za-z][\w-]*: /;
/** Of a box (mbox): what separates its mails. */
const SEPARATOR = /^From \S+ .*\d{2}:\d{2}/;
const ENCODED = /^content-transfer-encoding:\s*(?:quoted-printable|base64)\s*$/im;
const MULTIPART = /^content-type:\s*multipart\//im;

/** Whether a file's first bytes are a mail's that must be decoded, or has several parts: others can be read as text. */
export function isMail(head: string): boolean {
  const lines = head.split(/\r?\n/);
  const first = SEPARATOR.test(lines[0]) ? 1 : 0;
  if (!HEADER.test(lines[first]) || !/^(?:From|Received|Return-Path|Subject|Date|Message-Id): /im.test(head))
    return false;
  return ENCODED.test(head) || MULTIPART.test(head);
}

type Encoding = 'plain' | 'quoted-printable' | 'base64';

export class MailSplitter {
  readonly #parts: Parts;
  readonly #boundaries = new Set<string>();
  #header: string[] | undefined = [];
  #encoding: Encoding = 'plain';
  /** Lines of no part: before the first boundary, behind the last. */
  #skips = false;
  #isBox = false;
  #first = true;
  #blank = false;
  #n = 0;
  /** base64 not decoded yet. */
  #held = '';

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The next line, read as latin1, without its end. */
  line(text: string): void {
    const wasBlank = this.#blank;
    this.#blank = text === '';
    if (SEPARATOR.test(text) && (this.#first || (this.#isBox && wasBlank))) {
      this.#isBox = true;
      this.#first = false;
      this.#boundaries.clear();
      return this.#beginHeader();
    }
    this.#first = false;
    if (this.#header) {
      if (text === '') this.#beginBody(this.#header);
      else if (/^[ \t]/.test(text) && this.#header.length) this.#header.push(`${this.#header.pop()} ${text.trim()}`);
      else this.#header.push(text);
    } else if (!this.#isBoundary(text) && !this.#skips) this.#body(text);
  }

  /** After the last line. */
  end(): void {
    this.#flush();
  }

  #beginHeader(): void {
    this.#flush();
    this.#header = [];
  }

  #beginBody(header: readonly string[]): void {
    const field = (name: string) => header.find((h) => h.toLowerCase().startsWith(`${name}:`)) ?? '';
    const type = field('content-type');
    this.#header = undefined;
    this.#skips = false;
    if (/^content-type:\s*message\/rfc822/i.test(type)) return this.#beginHeader();
    const boundary = /\bboundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type);
    if (boundary) {
      this.#boundaries.add(`--${boundary[1] ?? boundary[2]}`);
      this.#skips = true;
      return;
    }
    const encoding = /:\s*(quoted-printable|base64)\s*$/i.exec(field('content-transfer-encoding'))?.[1].toLowerCase();
    this.#encoding = encoding === 'base64' || encoding === 'quoted-printable' ? encoding : 'plain';
    const name = /\b(?:file)?name\*?=(?:"([^"]+)"|([^\s;]+))/i.exec(`${field('content-disposition')} ${type}`);
    this.#n++;
    this.#parts.begin(name?.[1] ?? name?.[2] ?? `part-${this.#n}.${/text\/html/i.test(type) ? 'html' : 'txt'}`);
  }

  #isBoundary(text: string): boolean {
    if (!text.startsWith('--')) return false;
    const line = text.trimEnd();
    if (this.#boundaries.has(line)) {
      this.#beginHeader();
      return true;
    }
    if (!line.endsWith('--') || !this.#boundaries.has(line.slice(0, -2))) return false;
    this.#flush();
    this.#skips = true;
    return true;
  }

  #body(text: string): void {
    if (this.#encoding === 'base64') {
      this.#held += text.trim();
      const whole = this.#held.length & ~3;
      this.#parts.write(Buffer.from(this.#held.slice(0, whole), 'base64'));
      this.#held = this.#held.slice(whole);
    } else {
      this.#parts.write(Buffer.from(this.#encoding === 'plain' ? `${text}\n` : unquoted(text), 'latin1'));
    }
  }

  #flush(): void {
    if (this.#held) this.#parts.write(Buffer.from(this.#held, 'base64'));
    this.#held = '';
  }
}

/** `=` at its end joins a line with the next; `=XX` is a byte. */
function unquoted(line: string): string {
  const soft = /=[ \t]*$/.exec(line);
  const text = soft ? line.slice(0, soft.index) : `${line}\n`;
  return text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
