/** `--spe` and `--kvm`: the captures that a command is about. */
import { onlyCapture } from '../lab/captures/only.ts';
import type { Args } from './command.ts';

const named = (what: string) =>
  ({ type: 'string', value: 'ID', help: `${what}; may be left out if the lab has only one` }) as const;

export const speOption = { spe: named('SPE capture') };
export const kvmOption = { kvm: named('KVM trace') };

/** The id given, or that of the lab's only capture of the kind. @throws RequestError: none, or several */
export function captureId(args: Args, kind: 'spe' | 'kvm'): number {
  return args.integer(kind) ?? onlyCapture(args.need('db'), kind);
}
