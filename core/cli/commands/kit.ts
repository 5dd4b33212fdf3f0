import { writeKit } from '../../lab/board/kit.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  arity: [0, 0],
  options: { output: { type: 'string', short: 'o', value: 'DIR', help: 'folder for the kit', required: true } },
  details:
    'The script needs a POSIX shell, busybox’s tools, and perf or trace-cmd; `umbra-capture.sh check` says what a machine lacks.\n' +
    'What it records is one tar, which `umbra import` takes.',
  run(args, out) {
    const files = writeKit(args.need('output'));
    if (args.flag('json')) out.json({ files });
    else for (const file of files) out.write(`${file}\n`);
  },
};
