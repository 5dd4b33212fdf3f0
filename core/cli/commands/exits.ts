import { exitsInLab } from '../../lab/captures/exits.ts';
import { captureId, kvmOption } from '../capture-options.ts';
import type { Command } from '../command.ts';
import { count, duration, percent } from '../format.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    ...kvmOption,
  },
  details:
    'Time in host: from kvm_exit to the same thread’s next kvm_entry, as perf kvm stat report has it. Reasons are named by the\n' +
    'trace’s own description of kvm_exit; traps by their exception class. `to VMM`: exits that went on to user space.',
  run(args, out) {
    const answer = exitsInLab(args.need('db'), captureId(args, 'kvm'));
    if (args.flag('json')) return out.json(answer);
    const time = (ns: number | undefined) => (ns === undefined ? '-' : duration(ns));
    const cells = answer.rows.map((r) => [
      r.reason,
      count(r.count),
      percent(r.count / answer.exits),
      count(r.toUser),
      duration(r.totalNs),
      answer.totalNs ? percent(r.totalNs / answer.totalNs) : '-',
      ...[r.p50Ns, r.p99Ns, r.maxNs].map(time),
    ]);
    const head = ['reason', 'exits', 'share', 'to VMM', 'in host', 'share', 'p50', 'p99', 'max'];
    out.write(textTable(head, cells, 'lrrrrrrrr'));
    const untimed = answer.rows.reduce((sum, r) => sum + r.count - r.timed, 0);
    out.write(`${count(answer.exits)} exits, ${duration(answer.totalNs)} in host`);
    out.write(untimed ? `; of ${count(untimed)} exits no entry is known, and no time\n` : '\n');
  },
};
