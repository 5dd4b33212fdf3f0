import { describe, expect, it } from 'vitest';
import { createQueryPool } from '../../core/host/query-pool.ts';
import type { QueryProcess } from '../../core/host/query-pool.ts';
import { createForkedQueries } from '../../core/host/query-fork.ts';
import type { ForkRequest } from '../../core/host/query-fork.ts';
import type { QueryReply, QueryRequest } from '../../core/host/query-worker.ts';
import { ecdf } from '../../core/lab/service/run-queries.ts';
import { checkParams, checkPolicies, legality } from '../../core/lab/runs/library.ts';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';

/** Processes that answer on request. */
function fakes() {
  const made: { sent: QueryRequest[]; killed: boolean; reply(r: QueryReply): void; die(): void }[] = [];
  const spawn = (): QueryProcess => {
    let onReply: (r: QueryReply) => void = () => undefined;
    let onExit: () => void = () => undefined;
    const fake = {
      sent: [] as QueryRequest[],
      killed: false,
      reply: (r: QueryReply) => onReply(r),
      die: () => onExit(),
    };
    made.push(fake);
    return {
      send: (request) => void fake.sent.push(request),
      onReply: (listener) => void (onReply = listener),
      onExit: (listener) => void (onExit = listener),
      kill() {
        fake.killed = true;
        onExit();
      },
    };
  };
  return { made, pool: createQueryPool('a.umbra', spawn) };
}
const sql = (text: string) => ({ sql: text, limit: 1 });
const call = () => ({ signal: new AbortController().signal });

describe('run-queries: the pool of query processes', () => {
  it('keeps processes and asks them again', async () => {
    const { made, pool } = fakes();
    const first = pool.run('sql', sql('1'), call());
    made[0].reply({ result: 'one' });
    expect(await first).toBe('one');
    const second = pool.run('sql', sql('2'), call());
    made[0].reply({ result: 'two' });
    expect(await second).toBe('two');
    expect(made).toHaveLength(1);
  });

  it('lets what is too much wait, in order', async () => {
    const { made, pool } = fakes();
    const all = ['1', '2', '3', '4'].map((text) => pool.run('sql', sql(text), call()));
    expect(made).toHaveLength(2);
    made[1].reply({ result: 'b' });
    made[1].reply({ result: 'c' });
    made[1].reply({ result: 'd' });
    made[0].reply({ result: 'a' });
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
    expect(made[1].sent.map((r) => (r.params as { sql: string }).sql)).toEqual(['2', '3', '4']);
  });

  it('passes on progress, and goes on until the answer', async () => {
    const { made, pool } = fakes();
    const told: string[] = [];
    const progress = ({ phase, done }: { phase: string; done: number }) => void told.push(`${phase} ${done}`);
    const compared = pool.run('sql', sql('1'), { ...call(), progress });
    made[0].reply({ progress: { phase: 'comparing a', done: 0, unit: 'policies' } });
    made[0].reply({ progress: { phase: 'comparing b', done: 1, unit: 'policies' } });
    made[0].reply({ result: 'done' });
    expect(await compared).toBe('done');
    expect(told).toEqual(['comparing a 0', 'comparing b 1']);
  });

  it('kills the process of what is cancelled, and no other', async () => {
    const { made, pool } = fakes();
    const cancel = new AbortController();
    const doomed = pool.run('sql', sql('1'), { signal: cancel.signal });
    const other = pool.run('sql', sql('2'), call());
    const waiting = pool.run('sql', sql('3'), call());
    cancel.abort();
    await expect(doomed).rejects.toThrow('cancelled');
    expect(made.map((m) => m.killed)).toEqual([true, false, false]);
    made[1].reply({ result: 'other' });
    made[2].reply({ result: 'waiting' });
    expect(await Promise.all([other, waiting])).toEqual(['other', 'waiting']);
  });

  it('says when a process died, and tells bugs from refusals', async () => {
    const { made, pool } = fakes();
    const dead = pool.run('sql', sql('1'), call());
    made[0].die();
    await expect(dead).rejects.toMatchObject({ name: 'RequestError', message: /process ended/ });
    const wrong = pool.run('sql', sql('2'), call());
    made[1].reply({ explained: true, message: 'SQL: no' });
    await expect(wrong).rejects.toMatchObject({ name: 'RequestError', message: 'SQL: no' });
    const bug = pool.run('sql', sql('3'), call());
    made[1].reply({ explained: false, message: 'x is undefined' });
    await expect(bug).rejects.toMatchObject({ name: 'Error' });
  });

  it('ends everything when the lab is closed', async () => {
    const { made, pool } = fakes();
    const open = ['1', '2', '3'].map((text) => pool.run('sql', sql(text), call()));
    const ends = Promise.allSettled(open);
    pool.close();
    expect((await ends).map((e) => e.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(made.every((m) => m.killed)).toBe(true);
  });
});

describe('run-queries: processes that somebody else forks', () => {
  it('sends what waited once the port is there, and hears of the end', () => {
    const asked: ForkRequest[] = [];
    const posted: unknown[] = [];
    const heard: unknown[] = [];
    const ears: ((event: { data: unknown }) => void)[] = [];
    const port = {
      postMessage: (m: unknown) => void posted.push(m),
      on: (_event: 'message', listener: (event: { data: unknown }) => void) => void ears.push(listener),
      start: () => undefined,
    };
    const queries = createForkedQueries((request) => asked.push(request));
    const process = queries.spawn();
    process.onReply((reply) => heard.push(reply));
    process.onExit(() => heard.push('exit'));
    process.send({ lab: 'a', method: 'sql', params: 1 });
    expect(posted).toEqual([]);
    queries.receive({ type: 'query-port', id: 1 }, port);
    process.send({ lab: 'a', method: 'sql', params: 2 });
    expect(posted.map((m) => (m as QueryRequest).params)).toEqual([1, 2]);
    ears[0]({ data: { result: 3 } });
    process.kill();
    queries.receive({ type: 'query-exit', id: 1 }, undefined);
    expect(heard).toEqual([{ result: 3 }, 'exit']);
    expect(asked.map((a) => a.type)).toEqual(['query-fork', 'query-kill']);
  });
});

describe('run-queries: distributions', () => {
  it('steps once a value, as high as the values are many', () => {
    expect(ecdf(Float64Array.of(5, 1, 1, 3))).toEqual({
      ns: Float64Array.of(1, 3, 5),
      share: Float64Array.of(0.5, 0.75, 1),
    });
    expect(ecdf(new Float64Array()).ns).toHaveLength(0);
  });

  it('thins long ones, keeps their ends, and never tells a wrong share', () => {
    const values = Float64Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_000);
    const { ns, share } = ecdf(values);
    expect(ns.length).toBeLessThanOrEqual(512);
    expect([ns[0], ns.at(-1), share.at(-1)]).toEqual([0, 99_999, 1]);
    ns.forEach((x, i) => expect(share[i]).toBeCloseTo((x + 1) / 100_000, 10));
  });

  it('keeps the height of a value that many windows have, however it is thinned', () => {
    const values = Float64Array.from({ length: 10_000 }, (_, i) => (i < 9000 ? 1000 : i));
    const { ns, share } = ecdf(values);
    expect(share[ns.indexOf(1000)]).toBe(0.9);
  });
});

describe('run-queries: the policy library', () => {
  it('says what stands against an answer', () => {
    expect(legality(builtinPolicy('external-abort')!)[0]).toContain('SPEv1p3');
    expect(legality(builtinPolicy('serror')!)[0]).toContain('panic');
    for (const id of ['bare-metal', 'map-on-fault', 'bounce-buffer'])
      expect(legality(builtinPolicy(id)!), id).toEqual([]);
  });

  it('holds policies and parameters to what files are held to, and names the field', () => {
    const own = { ...builtinPolicies[2], id: 'mine' };
    expect(checkPolicies(JSON.stringify(own))).toMatchObject({ value: [{ id: 'mine' }] });
    expect(checkPolicies(JSON.stringify(builtinPolicies[2]))).toMatchObject({ problem: /already the name/ });
    expect(checkPolicies('{')).toMatchObject({ problem: /not JSON/ });
    expect(checkParams({ irqNs: '1500', bufferBytes: '64K' })).toMatchObject({
      value: { params: { irqNs: 1500, bufferBytes: 65536 }, origin: { irqNs: 'user', mapNs: 'assumed' } },
    });
    expect(checkParams({ irqNs: 'soon' })).toMatchObject({ problem: /irqNs wants a whole number/ });
  });
});
