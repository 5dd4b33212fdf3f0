/** Board names as ssh takes them: nothing in one may become an option, a shell word or one of ssh's own tokens. */
import { RequestError } from '../about.ts';

const word = '[A-Za-z0-9_][A-Za-z0-9_.+~-]*';
/** A name, an alias of ~/.ssh/config, an address; IPv6 with its zone. */
const place = `(?:${word}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?)`;
const plain = new RegExp(`^(?:${word}@)?${place}$`);
const uri = new RegExp(`^ssh://(?:${word}@)?(?:${word}|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?$`);
const MAX_LENGTH = 255;

/**
 * `[USER@]HOST` or `ssh://[USER@]HOST[:PORT]`, checked. ssh's configuration may put a name into commands (ProxyCommand's %h), so
 * anything that a shell would interpret is refused, however it is quoted on the way.
 * @throws RequestError
 */
export function checkHost(host: string): string {
  if (host.length <= MAX_LENGTH && (plain.test(host) || uri.test(host))) return host;
  throw new RequestError(
    `${JSON.stringify(host)} is no host: [USER@]HOST, a name from ~/.ssh/config, or ssh://[USER@]HOST[:PORT]`,
  );
}
