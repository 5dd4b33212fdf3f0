/** Checks replies against the contract: their types, field by field, and what the schemas say beyond types. */
import type { Client } from '../../core/contract/client.ts';
import { methods } from '../../core/contract/contract.ts';
import type { Call, LabService, Method } from '../../core/contract/contract.ts';
import { Progress } from '../../core/contract/contract.ts';
import { decodeFrame, encodeFrame } from '../../core/contract/wire.ts';
import { replyShapes } from './shapes.ts';
import type { Shape } from './shapes.ts';

/** What is wrong with a reply as received from the wire: `runs[0].policies[2].kept: missing`; undefined if nothing is. */
export function replyProblem(method: string, result: unknown): string | undefined {
  const { replies, named } = replyShapes();
  const shape = replies[method];
  if (!shape) return `${method}: no such method`;
  const problem = shapeProblem(result, shape, named, method);
  if (problem !== undefined) return problem;
  const parsed = methods[method as Method].result.safeParse(result);
  if (!parsed.success) return `${method}: ${parsed.error.message}`;
  return undefined;
}

/** The same for progress. */
export function progressProblem(method: string, progress: unknown): string | undefined {
  const parsed = Progress.safeParse(progress);
  if (!parsed.success) return `${method}’s progress: ${parsed.error.message}`;
  const { soFar, named } = replyShapes();
  if (parsed.data.soFar === undefined) return undefined;
  const shape = soFar[method];
  if (!shape) return `${method}’s progress: soFar isn’t in the contract`;
  return shapeProblem(parsed.data.soFar, shape, named, `${method}’s progress`);
}

/** A service whose replies and progress are checked as a client over a web socket gets them; throws on errors. */
export function checkedService(service: LabService): LabService {
  const checked = Object.entries(service.handlers).map(([method, handle]) => {
    const call = handle as (params: unknown, call: Call) => unknown;
    return [
      method,
      async (params: unknown, { signal, progress }: Call) => {
        const said: Call['progress'] = (p) => {
          fail(progressProblem(method, decoded(p)));
          progress(p);
        };
        const result = await call(params, { signal, progress: said });
        fail(replyProblem(method, decoded(result)));
        return result;
      },
    ];
  });
  return { ...service, handlers: Object.fromEntries(checked) as LabService['handlers'] };
}

/** A client whose replies are checked. */
export function checkedClient(client: Client): Client {
  return {
    ...client,
    async request(method, params, options) {
      const result = await client.request(method, params, options);
      fail(replyProblem(method, decoded(result)));
      return result;
    },
  };
}

function fail(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(`not what the contract says: ${problem}`);
}

function decoded(value: unknown): unknown {
  const frame = encodeFrame({ value });
  const whole = typeof frame === 'string' ? frame : frame.slice().buffer;
  return (decodeFrame(whole) as { value: unknown }).value;
}

/** The first place where a value isn't of its shape. */
export function shapeProblem(value: unknown, shape: Shape, named: readonly Shape[], at: string): string | undefined {
  if (typeof shape === 'string') {
    if (shape === 'any' || typeof value === shape || (shape === 'null' && value === null)) return undefined;
    return wrong(value, shape, at);
  }
  if ('named' in shape) return shapeProblem(value, named[shape.named], named, at);
  if ('is' in shape) return value === shape.is ? undefined : wrong(value, JSON.stringify(shape.is), at);
  if ('array' in shape) {
    return (value as object | null)?.constructor?.name === shape.array ? undefined : wrong(value, shape.array, at);
  }
  if ('or' in shape) return unionProblem(value, shape.or, named, at);
  if ('list' in shape || 'tuple' in shape) {
    if (!Array.isArray(value)) return wrong(value, 'a list', at);
    if ('tuple' in shape && value.length !== shape.tuple.length) return `${at}: ${value.length} items`;
    return first(value, (item, i) =>
      shapeProblem(item, 'list' in shape ? shape.list : shape.tuple[i], named, `${at}[${i}]`),
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(value, 'an object', at);
  const missing = Object.entries(shape.fields).find(([name, [, optional]]) => !optional && !Object.hasOwn(value, name));
  if (missing) return `${at}.${missing[0]}: missing`;
  return first(Object.entries(value), ([name, field]) => {
    const [of, optional] = Object.hasOwn(shape.fields, name) ? shape.fields[name] : [shape.rest, false];
    if (of === undefined) return `${at}.${name}: not in the contract`;
    if (field === undefined && optional) return undefined;
    return shapeProblem(field, of, named, `${at}.${name}`);
  });
}

/** Of several errors, the one that comes closest: whose problem is deepest. */
function unionProblem(value: unknown, shapes: readonly Shape[], named: readonly Shape[], at: string) {
  const literals = shapes.map((shape) => (typeof shape === 'object' && 'is' in shape ? shape.is : undefined));
  if (literals.every((word) => word !== undefined)) {
    const words = literals.map((word) => JSON.stringify(word)).join(' or ') || 'nothing';
    return literals.includes(value as string) ? undefined : wrong(value, words, at);
  }
  let closest = '';
  for (const shape of shapes) {
    const problem = shapeProblem(value, shape, named, at);
    if (problem === undefined) return undefined;
    if (depth(problem) > depth(closest)) closest = problem;
  }
  return closest;
}

const depth = (problem: string): number => /^\S*(?=: )/.exec(problem)?.[0].length ?? 0;

function first<T>(items: readonly T[], problem: (item: T, i: number) => string | undefined): string | undefined {
  for (const [i, item] of items.entries()) {
    const found = problem(item, i);
    if (found !== undefined) return found;
  }
  return undefined;
}

function wrong(value: unknown, wanted: string, at: string): string {
  const is = typeof value === 'object' && value !== null ? value.constructor.name : String(value);
  return `${at}: ${is} instead of ${wanted}`;
}
