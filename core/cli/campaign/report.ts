import { RequestError } from '../../lab/about.ts';
import { readCampaign } from '../../lab/campaign/file.ts';
import { writeCampaignReport } from '../../lab/campaign/report-files.ts';
import { verifyCampaign } from '../../lab/campaign/verify.ts';
import { UsageError } from '../command.ts';
import { Interrupted } from '../output.ts';
import type { Verb, VerbCall } from './verb.ts';

export const verb: Verb = {
  options: ['output', 'notes', 'verify', 'sample'],
  async run(call) {
    const { folder, args, out } = call;
    const file = args.text('output');
    if (args.text('verify') !== undefined) return verify(call);
    if (args.given('sample')) throw new UsageError('--sample is of --verify');
    if (file === undefined)
      throw new UsageError('campaign report: --output FILE.{html,pdf,md,txt} is missing (or --verify FILE)');
    const files = await writeCampaignReport({ folder, file, notesFile: args.text('notes'), stopped: out.stopped() });
    if (!files) throw new Interrupted('interrupted');
    if (args.flag('json')) out.json({ report: files[0], files });
    else out.write(`report: ${files[0]}${files.length > 1 ? ` and ${files.length - 1} figures` : ''}\n`);
  },
};

async function verify({ folder, args, out }: VerbCall): Promise<void> {
  const verified = await verifyCampaign(
    readCampaign(folder),
    args.need('verify'),
    args.integer('sample', 1),
    (done, total) => out.progress({ phase: 'replaying again', done, total, unit: 'pairs' }),
  );
  if (args.flag('json')) out.json(verified);
  else for (const difference of verified.differences) out.write(`${difference}\n`);
  if (!verified.identical) throw new RequestError(verified.summary);
  if (!args.flag('json')) out.write(`${verified.summary}\n`);
}
