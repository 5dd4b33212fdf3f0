import { stage2Accuracy, stage2Timeline } from '../../lab/captures/stage2.ts';
import { captureId, kvmOption } from '../capture-options.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { duration, percent } from '../format.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    ...kvmOption,
    page: { type: 'string', value: 'IPA', help: 'only what touches this page' },
    vm: { type: 'string', value: 'N', help: 'which VM of the description, from 0 (0)' },
    reference: {
      type: 'string',
      value: 'FILE',
      help: "measure it against the kernel's own page-table calls (*.stage2.txt)",
    },
  },
  details:
    'right: how many rows on such evidence are right, at least; within: how far 95 % of these are from the kernel’s call. Both were measured\n' +
    'against traced page-table calls of kernels 6.1, 6.12 and 7.3 in an emulator, whose times are longer than a machine’s.',
  run(args, out) {
    const request = { kvm: captureId(args, 'kvm'), vm: args.integer('vm') ?? 0 };
    const file = args.text('reference');
    if (file !== undefined) {
      const { table, measured } = stage2Accuracy(args.need('db'), request, file);
      if (args.flag('json')) return out.json(measured);
      return out.write(textTable(table[0], table.slice(1), 'lrrrrrrrr'));
    }
    const page = args.text('page');
    if (page !== undefined && !/^0x[0-9a-f]{1,13}$/i.test(page))
      throw new UsageError(`stage2: --page takes an IPA, 0x…, not '${page}'`);
    const address = page === undefined ? undefined : BigInt(page);
    const { rows, gaps } = stage2Timeline(args.need('db'), request, address);
    for (const gap of gaps) out.note(gap);
    if (args.flag('json')) return out.json([...rows]);
    const cells = Array.from(rows, (r) => [
      ...[String(r.t), r.kind, r.ipa, String(r.pages), r.cause ?? '-', r.notify ?? '-'],
      r.contents === undefined ? '-' : `${r.contents}${r.contentsOrigin === 'assumed' ? ' (assumed)' : ''}`,
      r.evidence,
      r.confidence === null ? 'not measured' : r.confidence === 1 ? 'exact' : `≥ ${percent(r.confidence)}`,
      r.withinNs ? duration(r.withinNs) : '-',
    ]);
    const heads = ['t ns', 'kind', 'ipa', 'pages', 'cause', 'notify', 'contents', 'evidence', 'right', 'within'];
    out.write(textTable(heads, cells, 'rllrllllrr'));
  },
};
