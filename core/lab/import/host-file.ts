/** `X.host.json` beside `X.trace.dat`: what the board kit found out of the host that recorded. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { RequestError } from '../about.ts';
import { readTextFile } from '../file-source.ts';

const MAX_BYTES = 65536;

const schema = z.object({
  /** uname -r. */
  kernel: z.string().max(256).optional(),
  /** Bytes. */
  pageSize: z.literal([4096, 16384, 65536]).optional(),
  /** KVM_PGTABLE_PROT_W, by BTF. */
  protW: z.int().min(1).max(128).optional(),
  /** The probes that this kernel has. */
  probes: z.array(z.string().max(64)).max(100).optional(),
});
export type HostFile = z.infer<typeof schema>;

/** Undefined if there is none. @throws RequestError naming the file and the field */
export function readHostFile(file: string): HostFile | undefined {
  if (!existsSync(file)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readTextFile(file, MAX_BYTES));
  } catch (error) {
    throw new RequestError(`${file}: not JSON (${(error as Error).message})`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new RequestError(`${file}: ${path.join('.')}: ${message}`);
}
