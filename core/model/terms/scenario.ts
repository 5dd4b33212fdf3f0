/** What a scenario file holds; core/model/scenario.ts says what it does. */
import { z } from 'zod';
import { causeClasses, contentsFates, notifies, PAGE_SHIFT } from '../terms.ts';

const PAGE = 2 ** PAGE_SHIFT;

const Ns = z.number().int().min(-864e12).max(864e12);

const Pages = z
  .number()
  .int()
  .min(0)
  .max(2 ** 52)
  .refine((n) => n % PAGE === 0, 'wants a multiple of 4096 bytes');

const causes = z.enum(causeClasses).exclude(['first-touch']);

const Event = z
  .strictObject({
    /** ns after the run's first sample. */
    t: Ns,
    kind: z.enum(['map', 'unmap', 'write-protect', 'access-clear']),
    /** The class of the next fault there; `map` has none. */
    cause: causes.optional(),
    /** `unmap`: the notifier's event, and what becomes of the contents. */
    notify: z.enum(notifies).optional(),
    contents: z.enum(contentsFates).optional(),
    /** Guest pages by address … */
    ipa: z
      .string()
      .regex(/^0x[0-9a-fA-F]{1,13}$/, 'wants an address, e.g. "0x80240000"')
      .refine(
        (s) => !/^0x[0-9a-fA-F]{1,13}$/.test(s) || BigInt(s) % BigInt(PAGE) === 0n,
        'wants a page aligned address',
      )
      .optional(),
    /** … or by their place in a lane's buffer, wherever that lies. */
    lane: z.number().int().min(0).optional(),
    offset: Pages.optional(),
    /** Bytes; without it one page, or with `lane` alone the whole buffer. */
    size: Pages.min(PAGE, 'wants at least one page').optional(),
    /** Repeats: ns between, and how often in all. */
    every: Ns.min(1).optional(),
    times: z.number().int().min(1).max(1_000_000).default(1),
  })
  .refine((e) => (e.ipa === undefined) !== (e.lane === undefined), 'wants either ipa or lane')
  .refine((e) => e.offset === undefined || e.lane !== undefined, 'offset goes with lane, not with ipa')
  .refine((e) => e.kind === 'map' || e.cause !== undefined, 'wants a cause')
  .refine((e) => e.kind === 'unmap' || e.contents === undefined, 'contents goes with kind unmap')
  .refine((e) => e.kind !== 'map' || e.notify === undefined, 'a map has no notify')
  .refine((e) => e.times === 1 || e.every !== undefined, 'times needs every');

/** A scenario file. */
export const scenarioFile = z.strictObject({ events: z.array(Event).max(100_000) });

export type Scenario = z.infer<typeof scenarioFile>;
